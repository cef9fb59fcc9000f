import { equal, ok } from "node:assert/strict";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { watchingClock } from "../../../../components/kubernetes/clock.ts";
import { temporary } from "../../../../sandbox/project.ts";
import { until } from "../../../until.ts";

const place = { context: "sandbox", namespace: "alice-dev" };

describe("a clock that watches an object", () => {
    const { PATH = "" } = process.env;
    let folder: string;
    beforeEach(() => {
        folder = temporary("watch");
    });
    afterEach(() => {
        process.env["PATH"] = PATH;
        rmSync(folder, { recursive: true });
    });

    /** Puts a `kubectl` on PATH that writes its arguments and its process, and reports a change. */
    function fakeKubectl(): void {
        const script = `#!/bin/sh
            echo "$@" >${folder}/arguments
            echo $$ >${folder}/process
            echo deployment.apps/web-dev
            exec sleep 60`;
        writeFileSync(join(folder, "kubectl"), script, { mode: 0o755 });
        process.env["PATH"] = `${folder}:${PATH}`;
    }
    const written = (file: string): string => readFileSync(join(folder, file), "utf8").trim();

    function isRunning(id: number): boolean {
        try {
            return process.kill(id, 0);
        } catch {
            return false;
        }
    }

    it("sleeps until the object changes, and ends its watch", async () => {
        fakeKubectl();
        const clock = watchingClock(place, "deployment/web-dev");
        await clock.sleep(60_000);
        equal(
            written("arguments"),
            "--context sandbox --namespace alice-dev get deployment/web-dev --watch-only " +
                "--output=name --request-timeout=10m",
        );
        const id = Number(written("process"));
        equal(isRunning(id), true);
        clock.stop();
        await until(() => !isRunning(id), "the end of kubectl");
    });

    it("sleeps so long where nothing changes any more", async () => {
        fakeKubectl();
        const clock = watchingClock(place, "deployment/web-dev");
        await clock.sleep(60_000);
        const begin = clock.now();
        await clock.sleep(50);
        ok(clock.now() - begin >= 45);
        clock.stop();
    });

    it("sleeps so long where there is no kubectl", async () => {
        process.env["PATH"] = folder;
        const clock = watchingClock(place, "deployment/web-dev");
        const begin = clock.now();
        await clock.sleep(50);
        ok(clock.now() - begin >= 45);
        clock.stop();
    });
});
