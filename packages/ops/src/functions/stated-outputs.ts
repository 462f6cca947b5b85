// Shapes of what functions return: TensorFlow looks into no function for them; nodes may state them in `output_shapes`.
import type { InferenceContext, ShapeFunction } from "@org/graph";
import { Shape } from "@org/tensor";

const hasShapes = (c: InferenceContext): boolean =>
  c.attrs.has("output_shapes") && (c.attrs.raw("output_shapes")?.list?.shape?.length ?? 0) > 0;

/**
 * One shape for each type in attribute `types`: what `output_shapes` states, where there is one for each; else unknown, or what `otherwise`
 * gives for the output's position.
 */
export function statedOutputs(
  types: string,
  otherwise: (c: InferenceContext, output: number) => Shape = () => Shape.unknown,
): ShapeFunction {
  return (c) => {
    const { length } = c.attrs.types(types);
    const stated = hasShapes(c) ? c.attrs.shapes("output_shapes") : [];
    return stated.length === length ? stated : Array.from({ length }, (_, i) => otherwise(c, i));
  };
}
