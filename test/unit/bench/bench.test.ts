import { equal, match } from "node:assert/strict";
import * as fc from "fast-check";
import { median } from "../../../bench/measure.ts";
import { plot } from "../../../bench/plot.ts";
import type { Row } from "../../../bench/services.ts";
import { fullTable, pairTable, requestTable, timeTable } from "../../../bench/table.ts";

const measured = (wall: number) => ({ wall, cpu: 2 * wall, memory: 100, processes: {} });
const row = (program: string, wall: number): Row => ({
    program,
    step: "preview",
    services: 10,
    latency: 100,
    measured: measured(wall),
    requests: { github: 3, quay: 2, registry: 1, blobBytes: 1234 },
});

describe("the benchmark's figures", () => {
    it("have as many values below the median as above it", () => {
        fc.assert(
            fc.property(
                fc.array(fc.double({ noNaN: true, min: -1e9, max: 1e9 }), { minLength: 1 }),
                (values) => {
                    const middle = median(values);
                    const below = values.filter((value) => value < middle).length;
                    const above = values.filter((value) => value > middle).length;
                    return below <= values.length / 2 && above <= values.length / 2;
                },
            ),
        );
    });

    it("are a multiple of the first program's", () => {
        const table = timeTable([
            row("Terraform", 2),
            row("Terraform", 4),
            row("Terraform", 3),
            row("ours", 1.5),
        ]);
        match(table, /^\| 10 \| preview \| 3\.00 \| 1\.50 \(×0\.50\) \|$/m);
    });

    it("leave a cell empty where a program has no such step", () => {
        const promotion = { ...row("ours", 1), step: "promote" as const };
        match(
            timeTable([row("Terraform", 2), row("ours", 3), promotion]),
            /^\| 10 \| promote \| {2}\| 1\.00 \|$/m,
        );
    });

    it("come with their range, their requests and how many runs there were", () => {
        const rows = [row("ours", 1), row("ours", 2), row("ours", 3)];
        match(
            fullTable(rows),
            /^\| 100 \| 10 \| preview \| ours \| 2\.00 \| 1\.00–3\.00 \| 4\.00 \| 100 \| 3 \|$/m,
        );
        match(requestTable(rows), /^\| 100 \| 10 \| preview \| ours \| 3 \| 2 \| 1 \| 1\.2 \|$/m);
    });

    it("compare pair by pair", () => {
        const pairs = [1, 2, 3].map((wall) => [measured(wall), measured(2)] as const);
        match(
            pairTable(["a", "b"], [["it", pairs]]),
            /^\| it \| 2\.00 s, 100 MiB \| 2\.00 s, 100 MiB \| 1\.00 \(0\.50–1\.50\) \| 3 \|$/m,
        );
    });

    it("are drawn with a panel for each kind and a line for each program", async () => {
        const points = ["preview, s", "memory, MiB"].flatMap((panel) =>
            ["Terraform", "ours"].flatMap((program) =>
                [1, 10].map((services) => ({ program, panel, services, value: services })),
            ),
        );
        const svg = await plot(points, "Cost");
        match(svg, /^<svg [^>]*>/);
        for (const text of ["Cost", "preview, s", "memory, MiB", "Terraform", "ours"])
            equal(svg.includes(`>${text}<`), true, text);
    });
});
