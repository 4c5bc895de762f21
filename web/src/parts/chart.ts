import { BarChart, HeatmapChart, LineChart } from "echarts/charts";
import { GridComponent, LegendComponent, MarkAreaComponent, TooltipComponent, VisualMapComponent } from "echarts/components";
import * as echarts from "echarts/core";
import { CanvasRenderer, SVGRenderer } from "echarts/renderers";
import { chartOption } from "../chart/option.ts";
import type { Display, Rows } from "../contract.ts";
import { PALETTES } from "../palette.ts";
import { Unplottable } from "../series.ts";
import { calm, mode, onThemeChange } from "../theme.ts";

echarts.use([
  BarChart,
  CanvasRenderer,
  GridComponent,
  HeatmapChart,
  LegendComponent,
  LineChart,
  MarkAreaComponent,
  SVGRenderer,
  TooltipComponent,
  VisualMapComponent,
]);

const REDRAW_MS = 400;

export interface ChartSpec {
  display: Display;
  data: Rows;
  completeTo: string | null;
}

/** `<head-chart .spec=${…}>`: an ECharts chart that follows its spec, its size and the theme. `paper` draws in SVG. */
export class HeadChart extends HTMLElement {
  #chart: echarts.ECharts | null = null;
  #spec: ChartSpec | null = null;
  #drawn: ChartSpec | null = null;
  #drawnAt = -Infinity;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #leave: (() => void)[] = [];
  #resized = new ResizeObserver(() => this.#resize());

  /** Rows may come ten times a second; a chart that is drawn that often never comes to rest. */
  set spec(spec: ChartSpec) {
    this.#spec = spec;
    if (!this.isConnected || spec.data === this.#drawn?.data || this.#timer !== undefined) return;
    const wait = Math.max(0, this.#drawnAt + REDRAW_MS - performance.now());
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#draw();
    }, wait);
  }

  connectedCallback(): void {
    const box = document.createElement("div");
    box.className = "chart-box";
    this.replaceChildren(box);
    const renderer = this.hasAttribute("paper") ? "svg" : "canvas";
    this.#chart = echarts.init(box, null, { renderer, width: this.#size().width, height: this.#size().height });
    this.#resized.observe(this);
    const print = (): void => this.#resize();
    addEventListener("beforeprint", print);
    addEventListener("afterprint", print);
    this.#leave = [
      onThemeChange(() => this.#draw()),
      () => removeEventListener("beforeprint", print),
      () => removeEventListener("afterprint", print),
    ];
    // Canvas text measured before the font is there stays measured wrong.
    void document.fonts.ready.then(() => this.#draw());
    this.#draw();
  }

  disconnectedCallback(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#resized.disconnect();
    for (const leave of this.#leave) leave();
    this.#chart?.dispose();
    this.#chart = null;
    this.#drawn = null;
  }

  #size(): { width: number; height: number } {
    return { width: Math.max(1, this.clientWidth), height: Math.max(1, this.clientHeight) };
  }

  #resize(): void {
    this.#chart?.resize(this.#size());
    this.#draw();
  }

  #draw(): void {
    const spec = this.#spec;
    if (!this.#chart || !spec) return;
    this.#drawn = spec;
    this.#drawnAt = performance.now();
    const still = calm() || this.hasAttribute("paper");
    try {
      const option = chartOption({ ...spec, ...this.#size(), palette: PALETTES[mode()], still });
      this.#chart.setOption(option, { replaceMerge: ["series"] });
      if (still) this.#chart.getZr().flush();
      delete this.dataset.problem;
    } catch (problem) {
      if (!(problem instanceof Unplottable)) throw problem;
      this.#chart.clear();
      this.dataset.problem = problem.message;
    }
  }
}

if (!customElements.get("head-chart")) customElements.define("head-chart", HeadChart);
