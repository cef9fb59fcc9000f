/** Plots the cost of services as SVG, without a browser. */
import * as vega from "vega";
import { compile, type TopLevelSpec } from "vega-lite";

/** One point of a line. */
export interface Point {
    /** The name of the line in the legend. */
    readonly program: string;
    /** The panel of the line. */
    readonly panel: string;
    readonly services: number;
    readonly value: number;
}

/**
 * Draws a panel for each kind of figure, with a line for each program. Both axes are logarithmic,
 * so that equal ratios have equal distances.
 */
export async function plot(points: readonly Point[], title: string): Promise<string> {
    const panels = [...new Set(points.map(({ panel }) => panel))];
    const programs = [...new Set(points.map(({ program }) => program))];
    const spec: TopLevelSpec = {
        $schema: "https://vega.github.io/schema/vega-lite/v6.json",
        title: { text: title, anchor: "start" },
        background: "white",
        config: { font: "sans-serif" },
        data: { values: [...points] },
        facet: {
            field: "panel",
            type: "nominal",
            sort: panels,
            title: null,
            header: { labelFontSize: 12 },
        },
        columns: 3,
        spec: {
            width: 230,
            height: 180,
            mark: { type: "line", point: true },
            encoding: {
                x: {
                    field: "services",
                    type: "quantitative",
                    scale: { type: "log" },
                    title: "services",
                    axis: { values: [1, 10, 50, 100] },
                },
                y: {
                    field: "value",
                    type: "quantitative",
                    scale: { type: "log" },
                    title: null,
                    axis: { tickCount: 4, format: "~g" },
                },
                color: {
                    field: "program",
                    type: "nominal",
                    sort: programs,
                    title: null,
                    legend: { orient: "bottom" },
                },
            },
        },
        resolve: { scale: { y: "independent" } },
    };
    const view = new vega.View(vega.parse(compile(spec).spec), { renderer: "none" });
    return view.toSVG();
}
