// registerProtoFunction.
import * as tf from "../../src/index.ts";
import { probes } from "./probes.ts";

const type = {
  protoType: tf.protos.NodeDef,
  toProto: () => ({ name: "x" }),
  fromProto: () => "x",
};

probes(["regproto"], {
  "regproto.dup": () => {
    tf.registerProtoFunction("mh_x", type);
    tf.registerProtoFunction("mh_x", type);
  },
  "regproto.noncallable": () => tf.registerProtoFunction("mh_y", { ...type, toProto: 5 as never }),
});
