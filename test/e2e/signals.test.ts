import { deepEqual, equal, match } from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { until } from "../until.ts";
import { Project, run, Running, temporary } from "../../sandbox/project.ts";

const root = join(import.meta.dirname, "../..");
/** A marker in the environment of everything that a command of these tests starts. */
const mark = `MLOPS_TEST_SIGNALS=${String(process.pid)}`;

/** A command that leads a process group, as when a shell starts it. */
class Group extends Running {
    readonly #leader: number;

    constructor(cwd: string, env: Readonly<Record<string, string>>, ...command: string[]) {
        const [program = "", ...args] = command;
        const [name = "", value] = mark.split("=");
        const child = spawn(program, args, {
            cwd,
            env: { ...process.env, ...env, [name]: value },
            detached: true,
            stdio: ["ignore", "pipe", "pipe"],
        });
        super(child);
        this.#leader = child.pid ?? 0;
    }

    /** Sends a signal to each of its processes, as a terminal or a runner does. */
    signalAll(signal: NodeJS.Signals): void {
        process.kill(-this.#leader, signal);
    }
}

/** Returns the processes that these tests have started, in whatever group they are. */
function processes(): string[] {
    return readdirSync("/proc").filter((pid) => {
        try {
            return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/environ`, "utf8").includes(mark);
        } catch {
            return false; // it has ended, or is another user's
        }
    });
}
const allEnded = () => until(() => processes().length === 0, "all processes have ended", 30);

describe("a signal to the whole process group", () => {
    let project: Project;
    const name = `signals-${String(process.pid)}`;
    const locks = (): string[] => {
        const folder = join(project.state, ".pulumi/locks");
        if (!existsSync(folder)) return [];
        return readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) =>
            file.endsWith(".json"),
        );
    };
    const networks = async (): Promise<string> =>
        (await run("docker", ["network", "ls", "--quiet", "--filter", `name=${name}`])).stdout;

    before(async () => {
        project = await Project.create({}, {}, undefined, "");
    });
    after(() => {
        project.remove();
    });

    /** A network, and another one whose program then waits for a file. */
    const network = `
        import * as docker from "@pulumi/docker";
        import { existsSync } from "node:fs";
        new docker.Network("${name}");`;
    const waiting = `${network}
        while (!existsSync("go on")) await new Promise((resolve) => setTimeout(resolve, 100));`;

    const make = (...args: string[]) =>
        new Group(project.folder, project.environment, "make", ...args);

    it("SIGTERM ends make up and make down: no process and no lock remains, and each can continue", async () => {
        project.program(waiting);
        const up = make("--assume-old=setup", "up");
        await until(() => /Network \S+ created/.test(up.output), "the network is made");
        up.signalAll("SIGTERM");
        await up.ended;
        await allEnded();
        match(up.output, /A second Ctrl-C ends it at once/);
        deepEqual(locks(), [], up.output);
        project.program(network);
        const again = await project.up();
        equal(again.failed, false, again.output);

        const down = make("down");
        await until(() => locks().length > 0, "it has locked the stack");
        down.signalAll("SIGTERM");
        await down.ended;
        await allEnded();
        deepEqual(locks(), [], down.output);
        const rest = make("down");
        equal(await rest.ended, 0, rest.output);
        equal(await networks(), "");
    });

    it("SIGTERM ends make demo, which removes everything that it has created", async () => {
        // A folder of its own: other tests make such folders at the same time.
        const folder = temporary("signals");
        const left = () => readdirSync(folder).filter((file) => /^mlops-(demo|chain)-/.test(file));
        const command = [process.execPath, "sandbox/demo/main.ts"];
        const demo = new Group(root, { TMPDIR: folder }, ...command);
        await demo.prints(/pulumi up -s dev/);
        await until(() => processes().length > 3, "pulumi is at work", 30);
        equal(left().length > 0, true);
        demo.signalAll("SIGTERM");
        equal(await demo.ended, 143, demo.output);
        await allEnded();
        deepEqual(left(), []);
        rmSync(folder, { recursive: true });
        const registry = /Quay http:\/\/([^ ]+)/.exec(demo.output)?.[1] ?? "";
        equal((await run("docker", ["images", "--quiet", `${registry}/*/*`])).stdout, "");
    });
});
