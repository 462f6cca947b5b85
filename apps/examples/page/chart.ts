// The curve of the loss, drawn while it comes.
import uPlot from "uplot";

export interface LossChart {
  add(step: number, loss: number): void;
  clear(): void;
}

/** A chart in `element`; it is drawn at most once a frame. */
export function lossChart(element: HTMLElement): LossChart {
  const steps: number[] = [];
  const losses: number[] = [];
  const plot = new uPlot(
    {
      width: element.clientWidth || 640,
      height: 260,
      scales: { x: { time: false } },
      series: [{ label: "step" }, { label: "loss", stroke: "#2563eb", width: 2 }],
    },
    [steps, losses],
    element,
  );
  let asked = false;
  const draw = (): void => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      plot.setData([steps, losses]);
    });
  };
  return {
    add(step, loss) {
      steps.push(step);
      losses.push(loss);
      draw();
    },
    clear() {
      steps.length = losses.length = 0;
      draw();
    },
  };
}
