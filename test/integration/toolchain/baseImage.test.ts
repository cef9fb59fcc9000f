import { deepEqual, equal, match } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { copyProject, temporary } from "../../../sandbox/project.ts";

/** The set-up, with an engine and a Docker Hub that are scripts. */
describe("the base image of the service", () => {
    let machine: string;
    const path = (name: string): string => join(machine, name);
    const images = (): string[] =>
        existsSync(path("images")) ? readFileSync(path("images"), "utf8").trim().split("\n") : [];

    function bash(command: string) {
        const { status, stdout, stderr } = spawnSync("bash", ["-c", command], {
            cwd: path("project"),
            encoding: "utf8",
            env: {
                ...process.env,
                PATH: `${path("bin")}:${process.env["PATH"] ?? ""}`,
                MLOPS_CACHE: path("cache"),
                MLOPS_BASE_IMAGE: "",
                PULUMI_BACKEND_URL: `file://${machine}`,
                PULUMI_CONFIG_PASSPHRASE: "for the test",
            },
        });
        return { status, stdout, output: stdout + stderr };
    }
    /** Sets up, and returns what builds are told afterwards. */
    function setUp(): string {
        const { status, output } = bash("toolchain/setup.sh");
        equal(status, 0, output);
        return bash('. toolchain/env.sh; echo "$MLOPS_BASE_IMAGE"').stdout.trim();
    }

    beforeEach(() => {
        machine = temporary("machine");
        for (const name of ["project", "bin"]) mkdirSync(path(name));
        copyProject(path("project"));
        const script = (file: string, text: string): void => {
            writeFileSync(path(file), `#!/bin/bash\n${text}\n`, { mode: 0o755 });
        };
        script(
            "bin/docker",
            `cd "${machine}" || exit
            case $* in
            version*) echo 20.10.24 20.10.24 ;;
            pull*) [[ -e hub ]] && echo "\${*: -1}" >>images ;;
            "image inspect "*) grep -qsxF "$3" images && echo stand-in ;;
            *) exit 1 ;;
            esac`,
        );
        script("bin/debootstrap", "exit 0");
        script("project/toolchain/offline/base-image.sh", `echo "$1" >>"${path("images")}"`);
    });
    afterEach(() => {
        rmSync(machine, { recursive: true });
    });

    it("is pulled by its digest, and nothing stands in for it", () => {
        writeFileSync(path("hub"), "");
        equal(setUp(), "");
        equal(images().length, 1);
        match(images()[0] ?? "", /^python:3\.11\.2-bullseye@sha256:[0-9a-f]{64}$/);
    });

    it("makes a stand-in once where Docker Hub cannot be reached, and names it to every build", () => {
        equal(setUp(), "python:3.11.2-bullseye");
        equal(setUp(), "python:3.11.2-bullseye");
        rmSync(path("cache"), { recursive: true }); // as for another user of the engine
        equal(setUp(), "python:3.11.2-bullseye");
        deepEqual(images(), ["python:3.11.2-bullseye"]);
    });

    it("replaces a stand-in that is gone, once it can be pulled", () => {
        setUp();
        rmSync(path("images"));
        writeFileSync(path("hub"), "");
        equal(setUp(), "");
        match(images().join(), /^python:3\.11\.2-bullseye@sha256:/);
    });
});
