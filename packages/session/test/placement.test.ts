// Device strings of nodes, and where they run; the list of devices.
import { type Backend, evaluatorBackend } from "@org/hlo";
import { asString, constant, operator, placeholder } from "@org/ops";
import { afterEach, expect, test, vi } from "vitest";
import type { SessionOptions } from "../src/index.ts";
import { numbers, sessionOf } from "./shared.ts";

const named = (name: string, supports?: Backend["supports"]) => (): Backend => ({
  ...evaluatorBackend(),
  name,
  ...(supports ? { supports } : {}),
});
const task = "/job:localhost/replica:0/task:0";

/** "y" = x + 1 on `device`, "z" = y * 2 anywhere. */
const on = (device: string, options: SessionOptions) =>
  sessionOf((graph) => {
    const x = placeholder("float32", [], { name: "x" });
    const one = constant(1);
    const y = graph.device(device, () => operator.add(x, one, { name: "y" }));
    operator.mul(y, 2, { name: "z" });
  }, options);
const run = { feeds: { "x:0": 3 } };

afterEach(() => vi.restoreAllMocks());

test("(session_list_devices_test/SessionListDevicesTest.testListDevices) the host's CPU is always among the devices", async () => {
  const { session } = await on("", { backends: [named("GPU"), named("CPU"), named("GPU")] });
  expect(session.listDevices()).toEqual([
    { name: `${task}/device:GPU:0`, deviceType: "GPU" },
    { name: `${task}/device:CPU:0`, deviceType: "CPU" },
    { name: `${task}/device:GPU:1`, deviceType: "GPU" },
    { name: `${task}/device:EVALUATOR:0`, deviceType: "EVALUATOR" },
  ]);
  const { session: without } = await on("", {});
  expect(without.listDevices().map(({ name }) => name)).toContain(`${task}/device:CPU:0`);
});

test("a node runs on the device that it names, the others on the first", async () => {
  const backends = [named("GPU"), named("CPU"), named("GPU")];
  for (const [device, expected] of [
    ["/cpu:0", "CPU:0"],
    ["/device:GPU:1", "GPU:1"],
    ["/job:localhost/device:gpu:*", "GPU:0"],
    ["/job:localhost/task:0", "GPU:0"],
    ["", "GPU:0"],
  ] as const) {
    const { session } = await on(device, { backends });
    expect(numbers(await session.run("z:0", run))).toEqual([8]);
    const placed = new Map(session.placements().map((placement) => [placement.node, placement.device]));
    expect([device, placed.get("y")]).toEqual([device, `${task}/device:${expected}`]);
    expect(placed.get("z")).toBe(`${task}/device:GPU:0`);
  }
});

test("softly: a device that is not there, or cannot compute that, is passed over", async () => {
  for (const device of ["/device:TPU:0", "/device:GPU:7", "/job:worker/task:3"]) {
    const { session } = await on(device, { backends: [named("GPU")] });
    expect(numbers(await session.run("z:0", run))).toEqual([8]);
    expect(session.backendOf("y")).toBe("GPU");
  }
  const { session } = await on("/cpu:0", {
    backends: [named("GPU"), named("CPU", (opcode) => opcode !== "add")],
    softPlacement: true,
  });
  expect(numbers(await session.run("z:0", run))).toEqual([8]);
  expect(session.backendOf("y")).toBe("GPU");
});

test("without softness that is an error, which says what there is; the session stays usable", async () => {
  const options = {
    backends: [named("GPU"), named("CPU", (opcode) => opcode !== "add")],
    softPlacement: false,
  };
  const devices = `${task}/device:GPU:0, ${task}/device:CPU:0, ${task}/device:EVALUATOR:0`;
  const { session } = await on("/device:GPU:3", options);
  await expect(session.run("z:0", run)).rejects.toMatchObject({
    code: "INVALID_ARGUMENT",
    sentence: `Cannot assign a device for operation y: {{node y}} was explicitly assigned to /device:GPU:3 but available devices are [ ${devices} ]. Make sure the device specification refers to a valid device.`,
    place: { node: "y" },
  });
  expect(numbers(await session.run("z:0", { feeds: { "y:0": 3 } }))).toEqual([6]);
  const { session: cannot } = await on("/device:CPU:0", { ...options, fallback: false });
  await expect(cannot.run("z:0", run)).rejects.toMatchObject({
    code: "INVALID_ARGUMENT",
    sentence:
      "Cannot assign a device for operation y: Could not satisfy explicit device specification '/device:CPU:0' because no supported kernel for CPU devices is available.",
    place: { node: "y" },
  });
  const { session: host } = await sessionOf(
    (graph) => graph.device("/gpu:0", () => void asString(constant(1, "int32"), { name: "text" })),
    options,
  );
  await expect(host.run("text:0")).rejects.toThrow("no supported kernel for GPU devices is available");
});

test("(session_test/SessionTest.testDefaultLogDevicePlacement) placements are printed where that is asked for", async () => {
  const lines: string[] = [];
  vi.spyOn(console, "info").mockImplementation((line: string) => void lines.push(line));
  const { session } = await on("", { backends: [named("CPU")], logDevicePlacement: true });
  await session.run("z:0", run);
  await session.run("z:0", run);
  expect(lines.sort()).toEqual([`y: (AddV2): ${task}/device:CPU:0`, `z: (Mul): ${task}/device:CPU:0`]);
});
