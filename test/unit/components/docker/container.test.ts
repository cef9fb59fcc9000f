import { deepEqual, equal, match, ok } from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommand } from "../../../../components/docker/commands.ts";
import {
    findWeaknesses,
    isRoot,
    parseDockerfile,
} from "../../../../components/docker/dockerfile.ts";
import { parseListeners } from "../../../../components/docker/health.ts";
import {
    portOf,
    type PortSettings,
    runOptions,
    type ServiceContainer,
} from "../../../../components/docker/serviceContainer.ts";
import { hintsFor } from "../../../../components/docker/symptoms.ts";
import { writtenFolders } from "../../../../components/docker/writtenFolders.ts";

describe("what a Dockerfile says", () => {
    const users: [what: string, text: string, user: string | undefined][] = [
        ["none", "FROM python\nRUN true", undefined],
        ["the last", "FROM python\nUSER root\nUSER 10001:10001", "10001:10001"],
        ["root in the end", "FROM python\nUSER app\nRUN true\nuser root", "root"],
        [
            "of another stage, not",
            "FROM python AS a\nUSER app\nFROM python\nCOPY --from=a / /",
            undefined,
        ],
        ["of the stage it is based on", "FROM python AS Base\nUSER app\nFROM base", "app"],
        ["a variable", "FROM python\nARG APP=app\nUSER ${APP}", "app"],
        ["a variable of before FROM", "ARG UID=7\nFROM python\nARG UID\nUSER $UID", "7"],
        ["a variable of the environment", 'FROM python\nENV A=1 NAME="web"\nUSER $NAME', "web"],
        ["a variable's default", "FROM python\nUSER ${NOBODY:-nobody}", "nobody"],
        ["a build argument", "FROM python\nARG CHOSEN=root\nUSER $CHOSEN", "10002"],
        ["a variable of the base image", "FROM jupyter\nUSER ${NB_UID}", "${NB_UID}"],
        ["in a here-document, not", "FROM python\nRUN <<EOF\nUSER root\nEOF", undefined],
        ["after a continued line", "FROM python\nRUN a \\\n  USER root\nUSER app", "app"],
    ];
    for (const [what, text, user] of users) {
        it(`of the user: ${what}`, () => {
            equal(parseDockerfile(text, { buildArgs: { CHOSEN: "10002" } }).user, user);
        });
    }

    it("of the stage that is built", () => {
        const text = "FROM a AS one\nUSER one\nEXPOSE 1\nFROM b AS two\nUSER two\nEXPOSE 2";
        const { baseImage, user, ports } = parseDockerfile(text, { target: "ONE" });
        deepEqual([baseImage, user, ports], ["a", "one", [1]]);
    });

    it("of its ports and its HEALTHCHECK", () => {
        const text = "FROM a\nARG P=80\nEXPOSE $P/tcp 53/udp 90\nHEALTHCHECK CMD true";
        const { ports, hasHealthcheck } = parseDockerfile(text, {});
        deepEqual([ports, hasHealthcheck], [[80, 90], true]);
        equal(parseDockerfile("FROM a\nHEALTHCHECK NONE", {}).hasHealthcheck, false);
        equal(parseDockerfile("FROM a", {}).hasHealthcheck, undefined);
    });

    it("knows root by each of its names", () => {
        deepEqual(["", "0", "root", "0:0", "root:app", "00"].filter(isRoot).length, 6);
        deepEqual(["app", "10001", "10001:0", "rooted", "$UID"].filter(isRoot), []);
    });
});

describe("the weaknesses of an image", () => {
    let context: string;
    beforeEach(() => {
        context = mkdtempSync(join(tmpdir(), "weak-"));
    });
    afterEach(() => {
        rmSync(context, { recursive: true });
    });
    const find = (text: string, demands: { healthPath?: string; user?: string; port?: number }) => {
        const source = { context, dockerfile: "Dockerfile" };
        const facts = parseDockerfile(text, {});
        return findWeaknesses(source, facts, { port: 8080, ...demands });
    };
    const good = "FROM python:3.11\nUSER 10001\nHEALTHCHECK CMD true\nEXPOSE 8080\nCOPY . .";

    it("are none of a good one", () => {
        deepEqual(find(good, {}), []);
    });

    it("are a line each, with the line that fixes it; root is refused where it is strict", () => {
        const [root, health, ...others] = find("FROM python:3.11", {});
        equal(
            root?.message,
            "Dockerfile: no USER, so the service runs as root unless the base image python:3.11 " +
                "sets one. Add this line before the ENTRYPOINT or CMD: USER 10001",
        );
        match(String(health?.message), /no HEALTHCHECK .*HEALTHCHECK CMD \["python3".*, 8080\)/);
        deepEqual([root.isRefused, health?.isRefused, others], [true, false, []]);
    });

    it("do not blame a base image that there is not", () => {
        const [root, health] = find("FROM scratch", {});
        ok(!`${String(root?.message)}${String(health?.message)}`.includes("base image"));
    });

    it("go with the settings that make up for them", () => {
        deepEqual(find("FROM python", { healthPath: "/up", user: "10001" }), []);
    });

    it("are a port that is another", () => {
        const [found] = find(good, { port: 80 });
        match(String(found?.message), /EXPOSE 8080, but mlops:service.port is 80\./);
    });

    it("are what a COPY of the whole context takes along, unless it is ignored", () => {
        mkdirSync(join(context, "venv"));
        writeFileSync(join(context, ".env"), "TOKEN=x");
        match(String(find(good, {})[0]?.message), /Add to .dockerignore: \.env venv/);
        const ofStage = good.replace("COPY . .", "COPY --from=a . .");
        deepEqual(find(`FROM b AS a\n${ofStage}`, {}), []);
        writeFileSync(join(context, ".dockerignore"), ".env\nvenv\n");
        deepEqual(find(good, {}), []);
    });
});

describe("what a container gets", () => {
    it("is locked down by default", () => {
        deepEqual(runOptions({}), [
            "--init",
            "--read-only",
            "--cap-drop=ALL",
            "--security-opt=no-new-privileges",
            "--tmpfs=/tmp:size=64m,mode=1777,nosuid,nodev,noexec",
        ]);
    });

    it("is what docker run gives where it is not strict", () => {
        deepEqual(runOptions({ container: { strict: false } }), ["--init"]);
    });

    it("has its variables, those with a value that is nobody's by their name alone", () => {
        const options = runOptions({
            container: { strict: false, user: "7", shm: 9, writable: ["/a"], tmp: { exec: true } },
            env: { PORT: "80" },
            passedOn: ["API_KEY"],
        });
        deepEqual(options.slice(1), [
            "--tmpfs=/tmp:size=64m,mode=1777,nosuid,nodev,exec",
            "--user=7",
            "--shm-size=9m",
            "--volume=/a",
            "--env=API_KEY",
            "--env=PORT=80",
        ]);
    });

    it("has its port as PORT, unless its own variable says otherwise", () => {
        const container = { strict: false };
        const variables = (given: ServiceContainer) =>
            runOptions({ port: 9090, container, ...given }).slice(1);
        deepEqual(variables({}), ["--env=PORT=9090"]);
        deepEqual(variables({ env: { PORT: "1" } }), ["--env=PORT=1"]);
        deepEqual(variables({ passedOn: ["PORT"] }), ["--env=PORT"]);
        deepEqual(variables({ port: undefined }), []);
    });

    const ports: [what: string, settings: PortSettings, exposed: number[], port: number][] = [
        ["the configured one", { service: { port: 1 }, env: { PORT: "2" } }, [3], 1],
        ["its variable PORT", { service: {}, env: { PORT: "2" } }, [3], 2],
        ["the only one that is EXPOSEd", { service: {}, env: {} }, [3], 3],
        ["8080 where several are", { service: {}, env: {} }, [3, 4], 8080],
        ["8080 where PORT is no port", { service: {}, env: { PORT: "a" } }, [], 8080],
    ];
    for (const [what, settings, exposed, port] of ports) {
        it(`listens on ${what}`, () => {
            equal(portOf(settings, exposed), port);
        });
    }

    it("is in the command, quoted for a shell", () => {
        const container = { container: { strict: false }, env: { A: "it's" } };
        equal(
            runCommand("image", { ...container, port: 80 }),
            `docker run -d -p 80:80 --init '--env=A=it'\\''s' --env=PORT=80 image`,
        );
    });
});

describe("the engine's words about a container", () => {
    const hints: [output: string, key: RegExp][] = [
        ["OSError: [Errno 30] Read-only file system: 'logs'", /container\.writable\[0\]/],
        ["OSError: [Errno 28] No space left on device: '/tmp/a'", /container\.tmp\.size/],
        ["ImportError: /tmp/x.so: failed to map segment from shared object", /tmp\.exec true/],
        ["/tmp/run.sh: Permission denied", /tmp\.exec true/],
        ["Bus error (core dumped)", /container\.shm/],
        ["PermissionError: [Errno 13] error while attempting to bind on address", /below 1024/],
        ["exec /usr/bin/python3: exec format error", /service\.platform/],
    ];
    for (const [output, key] of hints) {
        it(`give a hint at: ${output}`, () => {
            const [first = ""] = hintsFor({ output, isOutOfMemory: false, exitCode: 1 });
            match(first, key);
        });
    }
    it("give a hint at an end for lack of memory, and none without a symptom", () => {
        const [hint = ""] = hintsFor({ output: "", isOutOfMemory: false, exitCode: 137 });
        match(hint, /mlops:local\.memory/);
        const output = "KeyError: 'MODEL'";
        deepEqual(hintsFor({ output, isOutOfMemory: false, exitCode: 1 }), []);
    });

    it("name the way round a HEALTHCHECK that is wrong", () => {
        const ending = { output: "", isOutOfMemory: false, exitCode: 0 };
        match(hintsFor({ ...ending, isUnhealthy: true }).join(), /mlops:service\.healthPath/);
        deepEqual(hintsFor(ending), []);
    });

    it("name the folders that it wrote to", () => {
        const diff = `C /opt
C /opt/app
A /opt/app/log.txt
A /opt/app/__pycache__
A /opt/app/__pycache__/a.pyc
C /root
A /root/.cache
A /root/.cache/model
A /root/.cache/model/weights
C /etc
C /etc/passwd
C /tmp
A /tmp/scratch
C /usr
C /usr/sbin
A /usr/sbin/docker-init
`;
        deepEqual(writtenFolders(diff), ["/etc", "/opt/app", "/root"]);
        deepEqual(writtenFolders(""), []);
    });

    it("tell on which ports something listens, and for whom", () => {
        const table = `  sl  local_address rem_address   st
   0: 00000000:1F90 00000000:0000 0A 00000000:00000000
   1: 0100007F:1388 00000000:0000 0A 00000000:00000000
   2: 0B00007F:9999 00000000:0000 0A 00000000:00000000
   3: 0100007F:2222 0100007F:1F90 01 00000000:00000000
   0: 00000000000000000000000000000000:2328 00000000000000000000000000000000:0000 0A
   1: 00000000000000000000000001000000:2329 00000000000000000000000000000000:0000 0A
`;
        deepEqual(parseListeners(table), [
            { port: 8080, isLoopback: false },
            { port: 5000, isLoopback: true },
            { port: 39321, isLoopback: true },
            { port: 9000, isLoopback: false },
            { port: 9001, isLoopback: true },
        ]);
    });
});
