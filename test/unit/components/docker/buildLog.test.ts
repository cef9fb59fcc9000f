import { deepEqual, equal } from "node:assert/strict";
import { appendFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { BuildSteps, followBuildLog, type Step } from "../../../../components/docker/buildLog.ts";

const install = "#7 [3/5] RUN pip install -r requirements.txt\n";

describe("BuildSteps", () => {
    const logs: Record<string, [log: string, current: Step | undefined]> = {
        "nothing before the first step": ["#0 building with default\n\n", undefined],
        "a step that has begun": [install, { title: "[3/5] RUN pip install -r requirements.txt" }],
        "the newest line of its output": [
            `${install}#7 0.312 Collecting numpy\n#7 12.40 Downloading numpy\n`,
            { title: "[3/5] RUN pip install -r requirements.txt", output: "Downloading numpy" },
        ],
        "nothing once it is done": [`${install}#7 DONE 3.2s\n`, undefined],
        "nothing for a cached step": [`${install}#7 CACHED\n`, undefined],
        "nothing once it is cancelled": [`${install}#7 CANCELED\n`, undefined],
        "nothing once it failed": [`${install}#7 ERROR: exit code: 1\n`, undefined],
        "of two steps the one that began last": [
            "#5 [internal] load build context\n\n#6 [build 2/3] RUN make\n#6 0.1 cc\n",
            { title: "[build 2/3] RUN make", output: "cc" },
        ],
        "the other one where that has ended": [
            "#5 [a 1/2] RUN a\n#5 ...\n\n#6 [b 1/2] RUN b\n#6 DONE 1.0s\n\n#5 [a 1/2] RUN a\n",
            { title: "[a 1/2] RUN a" },
        ],
        "no output that says nothing": [
            `${install}#7 0.3 one\n#7 0.4 \n#7 ...\n`,
            {
                title: "[3/5] RUN pip install -r requirements.txt",
                output: "one",
            },
        ],
        "output that looks like the end of another step": [
            `${install}#7 0.3 DONE 3.2s\n`,
            { title: "[3/5] RUN pip install -r requirements.txt", output: "DONE 3.2s" },
        ],
        "nothing of a line that is not complete": [install.trimEnd(), undefined],
    };
    for (const [what, [log, current]] of Object.entries(logs)) {
        it(`knows ${what}, however the log is cut`, () => {
            for (const size of [1, 7, log.length]) {
                const steps = new BuildSteps();
                for (let at = 0; at < log.length; at += size) steps.read(log.slice(at, at + size));
                deepEqual(steps.current, current);
            }
        });
    }

    it("knows when the image is exported", () => {
        const steps = new BuildSteps();
        steps.read("#10 exporting to image\n#10 exporting layers 0.1s done\n");
        equal(steps.isExported, false);
        steps.read("#10 DONE 0.1s\n");
        equal(steps.isExported, true);
    });
});

describe("followBuildLog", () => {
    let folder: string;
    let log: string;
    let told: string[];
    let stop: () => void;
    beforeEach(() => {
        folder = mkdtempSync(join(tmpdir(), "build-log-"));
        log = join(folder, "digits.log");
        told = [];
    });
    afterEach(() => {
        stop();
        rmSync(folder, { recursive: true });
    });
    const follow = (patience?: number): void => {
        stop = followBuildLog(
            log,
            {
                onStart: () => told.push("start"),
                onStep: (message) => told.push(message),
                onEnd: () => told.push("end"),
            },
            { interval: 1, ...(patience === undefined ? {} : { patience }) },
        );
    };
    /** Waits until something was told, at most for as long as the test may take. */
    const tells = async (count: number): Promise<void> => {
        while (told.length < count) await delay(1);
    };

    it("tells the steps from now on, each once, and the end", async () => {
        appendFileSync(log, "#1 [1/1] RUN an earlier build\n");
        follow();
        appendFileSync(log, "#1 [1/2] FROM python\n");
        await tells(2);
        appendFileSync(log, "#1 DONE 1.0s\n#2 [2/2] RUN true\n#2 CACHED\n#3 exporting to image\n");
        await tells(3);
        appendFileSync(log, "#3 DONE 0.1s\n");
        await tells(4);
        deepEqual(told, ["start", "[1/2] FROM python", "exporting to image", "end"]);
    });

    it("tells a long step again with its newest output", async () => {
        follow(0);
        appendFileSync(log, "#1 [1/2] RUN pip install\n#1 0.3 Collecting numpy\n");
        await tells(3);
        equal(told[2], "[1/2] RUN pip install (0 s): Collecting numpy");
    });

    it("keeps to one line of a terminal, without control characters", async () => {
        follow();
        const command = "\u001b[31mpip\u001b[0m\tinstall é\u0007".padEnd(200, "x");
        appendFileSync(log, `#1 [1/2] RUN ${command}\n`);
        await tells(2);
        equal(told[1], `${"[1/2] RUN pip install é ".padEnd(47, "x")}…`);
    });

    it("tells nothing of a log that cannot be read", async () => {
        log = folder;
        follow();
        await delay(20);
        deepEqual(told, []);
    });
});
