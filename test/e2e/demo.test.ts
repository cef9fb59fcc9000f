import { deepEqual, equal, match } from "node:assert/strict";
import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { promisify } from "node:util";
import { demoFile } from "../pictures/pictures.ts";
import { hasCluster } from "../../sandbox/cluster/cluster.ts";

/** What it prints but for times, ports, digests and names that are new each time. */
function steadyPartOf(output: string): string[] {
    const [steps = ""] = output.trim().split("\nWhat each environment has");
    return steps
        .replace(/ +\d+ s$/gm, "")
        .replace(/\d+\.\d+\.\d+\.\d+:\d{2,5}\b/g, "ADDRESS")
        .replace(/\b[0-9a-f]{12}(?:[0-9a-f]{28})?\b/g, "DIGEST")
        .replace(/robot_[a-z0-9]{6}\b/g, "robot_NEW")
        .split("\n");
}

describe("make demo", () => {
    it("runs all steps, and leaves nothing behind", async () => {
        const left = () => readdirSync(tmpdir()).filter((name) => name.startsWith("mlops-demo-"));
        const before = left();
        const { stdout } = await promisify(execFile)(process.execPath, ["sandbox/demo/main.ts"], {
            maxBuffer: 1 << 26,
        });
        match(stdout, /\/health answers: \{"status":"ok","version":"1\.0\.0"/);
        match(stdout, /pulumi up -s prod +rolled back: \d update, \d+ same → 1\.0\.0/);
        const [, commit = ""] = /git push +(sha-[0-9a-f]{12}) is published/.exec(stdout) ?? [];
        match(stdout, new RegExp(`pulumi up -s dev +follows the branch: .* → ${commit} `));
        match(stdout, /pulumi up -s staging +released: .* → 1\.1\.0 /);
        const running = [...stdout.matchAll(/(\w+) +http:\S+ answers: \{.*?"version":"([^"]+)"/g)];
        deepEqual(
            running.map(([, environment, version]) => [environment, version?.slice(0, 16)]),
            hasCluster()
                ? [
                      ["dev", commit],
                      ["staging", commit],
                      ["prod", "1.0.0"],
                  ]
                : [],
        );
        match(
            stdout,
            /QUAY_USER alice\+mlopspython_2022_2023_prod_robot → alice\+mlopspython_2022_2023_prod_robot_[a-z0-9]{6}/,
        );
        match(stdout, /^ +prod +1\.0\.0 /m);
        // What the picture shows. A new record: npm run pictures -- --record
        if (hasCluster())
            deepEqual(steadyPartOf(stdout), steadyPartOf(readFileSync(demoFile, "utf8")));
        deepEqual(left(), before);
        const registry = /Quay http:\/\/([^ ]+)/.exec(stdout)?.[1] ?? "";
        const { stdout: images } = await promisify(execFile)("docker", [
            "images",
            "--quiet",
            `${registry}/*/*`,
        ]);
        equal(images, "");
    });
});
