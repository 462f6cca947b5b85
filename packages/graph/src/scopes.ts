// The scopes that an op is made under: devices, colocation, control dependencies, attributes. One instance a graph.
// Source: python/framework/ops.py (Graph.device, colocate_with, control_dependencies, _attr_scope, _create_op_helper).
import { TfError } from "@org/errors";
import type { IAttrValue } from "@org/proto";
import { stringListAttr } from "./attr-value.ts";
import type { ControlFlowContext } from "./control-flow-context.ts";
import { mergeDevices } from "./device.ts";
import { compareUtf8 } from "./name-order.ts";
import type { Operation } from "./operation.ts";

/** A device scope: a string that is merged, null that ends the search outwards, or a function of the op. */
export type DeviceOrFunction = string | null | ((op: Operation) => string);

interface ControlScope {
  readonly inputs: readonly Operation[];
  /** Ops made within the scope: what reads one of them depends on `inputs` already. */
  readonly seen: Set<Operation>;
}

/** An attribute for every op made in the scope: a value, a function of the op, or null (none). */
export type ScopedAttr = IAttrValue | null | ((op: Operation) => IAttrValue | null);

export class Scopes {
  private devices: DeviceOrFunction[] = [];
  private colocation: Operation[] = [];
  private controls: ControlScope[] = [];
  private attrs = new Map<string, ScopedAttr>();
  private kernelLabels = new Map<string, string>();
  private gradientTypes = new Map<string, string>();
  container = "";
  context: ControlFlowContext | undefined;

  device<R>(device: DeviceOrFunction, fn: () => R): R {
    this.devices.push(device);
    const { devices } = this;
    try {
      return fn();
    } finally {
      devices.pop();
    }
  }

  colocateWith<R>(op: Operation | null, ignoreExisting: boolean, fn: () => R): R {
    if (op === null && !ignoreExisting)
      throw new TfError(
        "INVALID_ARGUMENT",
        "Trying to reset colocation (op is None) but ignore_existing is not True",
      );
    const { devices, colocation } = this;
    // Colocation is meant to be stronger than device scopes.
    this.devices = [];
    this.colocation = ignoreExisting ? [] : [...colocation];
    if (op !== null) this.colocation.push(op);
    try {
      return fn();
    } finally {
      this.devices = devices;
      this.colocation = colocation;
    }
  }

  controlDependencies<R>(inputs: readonly Operation[] | null, fn: () => R): R {
    const { controls, context } = this;
    if (inputs === null) {
      this.controls = [];
      this.context = undefined;
    } else {
      const current = new Set(controls.flatMap((scope) => scope.inputs));
      const fresh: Operation[] = [];
      for (const op of inputs) {
        if (current.has(op)) continue;
        current.add(op);
        fresh.push(op);
      }
      this.controls = [...controls, { inputs: fresh, seen: new Set() }];
    }
    try {
      return fn();
    } finally {
      this.controls = controls;
      this.context = context;
    }
  }

  withContext<R>(context: ControlFlowContext | undefined, fn: () => R): R {
    const outer = this.context;
    this.context = context;
    try {
      return fn();
    } finally {
      this.context = outer;
    }
  }

  withAttrs<R>(attrs: Readonly<Record<string, ScopedAttr>>, fn: () => R): R {
    const outer = this.attrs;
    this.attrs = new Map([...outer, ...Object.entries(attrs)]);
    try {
      return fn();
    } finally {
      this.attrs = outer;
    }
  }

  withKernelLabels<R>(labels: Readonly<Record<string, string>>, fn: () => R): R {
    const outer = this.kernelLabels;
    this.kernelLabels = new Map([...outer, ...Object.entries(labels)]);
    try {
      return fn();
    } finally {
      this.kernelLabels = outer;
    }
  }

  withGradientTypes<R>(types: Readonly<Record<string, string>>, fn: () => R): R {
    const outer = this.gradientTypes;
    this.gradientTypes = new Map([...outer, ...Object.entries(types)]);
    try {
      return fn();
    } finally {
      this.gradientTypes = outer;
    }
  }

  withContainer<R>(container: string, fn: () => R): R {
    const outer = this.container;
    this.container = container;
    try {
      return fn();
    } finally {
      this.container = outer;
    }
  }

  /** Control inputs for an op that reads `inputs`: those of the scopes that its inputs do not already depend on. */
  controlInputsFor(inputs: ReadonlySet<Operation>): Operation[] {
    const result: Operation[] = [];
    for (const scope of this.controls) {
      let dominated = false;
      for (const op of inputs)
        if (scope.seen.has(op)) {
          dominated = true;
          break;
        }
      if (!dominated) for (const op of scope.inputs) if (!inputs.has(op)) result.push(op);
    }
    return result;
  }

  /** Notes that `op` depends on the control inputs of the scopes: what reads it need not say so again. */
  recordSeen(op: Operation): void {
    for (const scope of this.controls) scope.seen.add(op);
  }

  /** Sets the op's device from the device scopes, innermost first. */
  applyDevices(op: Operation): void {
    for (let i = this.devices.length - 1; i >= 0; i--) {
      const device = this.devices[i]!;
      if (device === "") continue;
      if (device === null) break;
      op.setDevice(typeof device === "function" ? device(op) : mergeDevices(device, op.device));
    }
  }

  /** Whether no scope is entered: a new op takes nothing. */
  get isTrivial(): boolean {
    return (
      this.devices.length === 0 &&
      this.colocation.length === 0 &&
      this.controls.length === 0 &&
      this.attrs.size === 0 &&
      this.kernelLabels.size === 0 &&
      this.gradientTypes.size === 0 &&
      this.container === "" &&
      this.context === undefined
    );
  }

  /** What a new op takes from the scopes, but for its control inputs. */
  apply(op: Operation, computeDevice: boolean): void {
    for (const [name, scoped] of this.attrs) {
      if (op.attrMap.has(name)) continue;
      const value = typeof scoped === "function" ? scoped(op) : scoped;
      if (value) op.rawAttrs.set(name, value);
    }
    const label = this.kernelLabels.get(op.type);
    if (label !== undefined) op.rawAttrs.set("_kernel", { s: new TextEncoder().encode(label) });
    const gradientType = this.gradientTypes.get(op.type);
    if (gradientType !== undefined)
      op.rawAttrs.set("_gradient_op_type", { s: new TextEncoder().encode(gradientType) });
    this.recordSeen(op);
    if (computeDevice) this.applyDevices(op);
    if (this.colocation.length > 0) {
      const groups = new Set<string>();
      for (let i = this.colocation.length - 1; i >= 0; i--) {
        const other = this.colocation[i]!;
        for (const group of other.colocationGroups()) groups.add(group);
        if (other.device) op.setDevice(other.device);
      }
      op.rawAttrs.set("_class", stringListAttr([...groups].sort(compareUtf8)));
    }
    if (this.container && op.opDef?.isStateful) {
      const value = op.attrMap.get("container");
      if (value?.s && value.s.length === 0)
        op.rawAttrs.set("container", { s: new TextEncoder().encode(this.container) });
    }
  }
}
