import { equal, match, ok } from "node:assert/strict";
import { hasCluster } from "../../sandbox/cluster/cluster.ts";
import { run } from "../../sandbox/project.ts";

describe("the benchmark", () => {
    it("measures every step of every requested program", async () => {
        const options = [
            "--only",
            "services",
            "--rounds",
            "1",
            "--services",
            "1",
            "--latency",
            "0",
            "--programs",
            "plain Pulumi,components,components + Quay",
        ];
        const { stdout } = await run("node", ["bench/main.ts", ...options]);
        match(stdout, /^Figures are medians\. Noise: .* took [\d.]+ to [\d.]+ s/m);
        const rows = stdout.split("\n").map((line) => line.split("|").map((cell) => cell.trim()));
        /** Returns a step of a program: its row in the table of times, and in that of requests. */
        const of = (program: string, step: string): readonly (readonly string[])[] =>
            rows.filter((row) => row[3] === step && row[4] === program).map((row) => row.slice(5));
        for (const step of [
            "first up",
            "preview",
            "up",
            "change",
            "refresh",
            "promote",
            "destroy",
        ]) {
            for (const program of ["plain Pulumi", "components", "components + Quay"]) {
                if (step === "promote" && program === "components") continue;
                const [times = []] = of(program, step);
                const [wall, , cpu, memory] = times.map(Number);
                ok(
                    wall !== undefined && cpu !== undefined && memory !== undefined,
                    `${program}: ${step}`,
                );
                ok(
                    wall > 0.1 && cpu > 0.1 && memory > 50,
                    `${program}: ${step}: ${String(wall)} s, ${String(cpu)} s, ${String(memory)} MiB`,
                );
            }
        }
        // Nothing unnecessary is requested. One request is sent by the GitHub provider at its
        // start, and one reads the workflow's file, in which a bot may have updated the actions.
        // The others read the environment's rules, whose changes the provider does not see.
        const [, requests = []] = of("components + Quay", "up");
        equal(requests.slice(0, 4).join(), "4,0,0,0.0");
        const [, promoted = []] = of("components + Quay", "promote");
        // Only the configuration is read, for the label that would set an expiry on the tag.
        ok(Number(promoted[3]) < 10, `a promotion moved ${String(promoted[3])} kB of blobs`);
    });

    it("measures a service on a cluster beside plain Pulumi and kubectl", async function () {
        if (!hasCluster()) this.skip();
        const options = ["--only", "cluster", "--rounds", "1"];
        const { stdout } = await run("node", ["bench/main.ts", ...options]);
        for (const row of ["first up: components", "first up: plain Pulumi", "first up: kubectl"])
            match(stdout, new RegExp(`^\\| ${row} \\| \\d+\\.`, "m"));
        match(stdout, /^\| preview: components \| \d+\./m);
    });

    it("lists its parts", async () => {
        const failed = await run("node", ["bench/main.ts", "--only", "nothing"]).then(
            ({ stdout }) => stdout,
            String,
        );
        match(failed, /"nothing" must be one of environments, .*, cluster, hashing\./);
        equal(failed.includes("    at "), false, failed);
    });
});
