// Building Savers, and saving.
import { join } from "node:path";
import * as tf from "../../src/index.ts";
import { openSession } from "./files.ts";
import { type GoodProbe, type Probe, probes } from "./probes.ts";

const any = (value: unknown): never => value as never;
const u = () => new tf.Variable(1, { name: "u", dtype: "float32" });
const made = (build: () => tf.train.Saver, gives: (saver: tf.train.Saver) => unknown): GoodProbe => ({
  run: () => gives(build()),
  gives: true,
});

/** Saves variable u, initialised, as `save` says. */
const saving =
  (
    save: (saver: tf.train.Saver, session: tf.Session, directory: string) => unknown,
    options: ConstructorParameters<typeof tf.train.Saver>[1] & { readonly initialise?: boolean } = {},
  ): Probe =>
  async (directory) => {
    u();
    const { initialise = true, ...rest } = options;
    const saver = new tf.train.Saver(null, { onWarning: () => {}, ...rest });
    const session = openSession();
    try {
      if (initialise) await session.run([], { targets: [tf.globalVariablesInitializer()] });
      return await save(saver, session, directory);
    } finally {
      await session.close();
    }
  };
const empty =
  (use: (saver: tf.train.Saver, session: tf.Session, path: string) => unknown): Probe =>
  (directory) =>
    use(new tf.train.Saver(null, { allowEmpty: true }), openSession(), join(directory, "empty"));

probes(["saver"], {
  "saver.no_vars": () => new tf.train.Saver(),
  "saver.no_vars.allow_empty": made(
    () => new tf.train.Saver(null, { allowEmpty: true }),
    (saver) => saver.saverDef === undefined,
  ),
  "saver.empty.save": {
    run: empty((saver, session, path) => saver.save(session, path)),
    gives: undefined,
  },
  "saver.empty.restore": {
    run: empty((saver, session, path) => saver.restore(session, path)),
    gives: undefined,
  },
  "saver.varlist_and_defer": () => new tf.train.Saver([u()], { deferBuild: true }),
  "saver.save_before_build": saving(
    (saver, session, directory) => saver.save(session, join(directory, "deferred")),
    { deferBuild: true },
  ),
  "saver.same_name": made(
    () => {
      const variable = u();
      new tf.train.Saver([variable], { name: "twice" });
      return new tf.train.Saver([variable], { name: "twice" });
    },
    (saver) => saver.saverDef?.restoreOpName === "twice_1/restore_all",
  ),
  "saver.nonvar": () => new tf.train.Saver([tf.constant(1, { dtype: "float32" })]),
  "saver.nonvar.dict": () => new tf.train.Saver({ x: tf.constant(1, { dtype: "float32" }) }),
  "saver.nonlist": () => new tf.train.Saver(any(5)),
  "saver.bad_def": () => new tf.train.Saver(null, { saverDef: any("x") }),
  "saver.bad_ver": () => new tf.train.Saver([u()], { writeVersion: any(99) }),
  "saver.max_neg": made(
    () => new tf.train.Saver([u()], { maxToKeep: -1 }),
    (saver) => saver.saverDef?.filenameTensorName === "save/Const:0",
  ),
  "saver.dup_value": () => {
    const variable = u();
    return new tf.train.Saver({ a: variable, b: variable });
  },
  "saver.save.notsession": saving((saver, _, directory) => saver.save(any("notsess"), join(directory, "u"))),
  "saver.save.collide": saving((saver, session, directory) =>
    saver.save(session, join(directory, "checkpoint")),
  ),
  "saver.save.latest_path": saving((saver, session, directory) =>
    saver.save(session, join(directory, "u"), { latestFilename: "a/b" }),
  ),
  "saver.save.uninitialized": saving(
    (saver, session, directory) => saver.save(session, join(directory, "u")),
    { initialise: false },
  ),
  "saver.save.nodir": saving((saver, session, directory) =>
    saver.save(session, join(directory, "nodir/deep/u")),
  ),
  "saver.save.nodir.V1": saving(
    (saver, session, directory) => saver.save(session, join(directory, "nodir2/deep/u")),
    { writeVersion: "V1" },
  ),
  "saver.save.globalstep_str": saving((saver, session, directory) =>
    saver.save(session, join(directory, "u"), { globalStep: "abc" }),
  ),
  "saver.restore.closed_session": saving(async (saver, session, directory) => {
    const path = join(directory, "closed");
    await saver.save(session, path);
    await session.close();
    await saver.restore(session, path);
  }),
  "saver.restore.other_graph": saving(async (saver, session, directory) => {
    const path = join(directory, "other");
    await saver.save(session, path);
    await saver.restore(openSession(new tf.Graph()), path);
  }),
  "saver.def.ops_missing": saving((_, session, directory) => {
    const scoped = { filenameTensorName: "no/Const:0", saveTensorName: "no/control_dependency:0" };
    const saver = new tf.train.Saver(null, { saverDef: { ...scoped, restoreOpName: "no/restore_all" } });
    return saver.save(session, join(directory, "u"));
  }),
});
