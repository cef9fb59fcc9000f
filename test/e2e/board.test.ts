import { deepEqual, equal, match, ok } from "node:assert/strict";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Quay, startQuay } from "../../sandbox/quay/server.ts";
import { dockerfile, producer } from "./producer.ts";
import { Project, run, temporary } from "../../sandbox/project.ts";

describe("the board", () => {
    let quay: Quay;
    let token: string;
    let project: Project;
    let context: string;

    /** Returns the board's output. Checks that it does not fail, and shows no token. */
    async function board(
        args: string[],
        env: Record<string, string | undefined> = {},
    ): Promise<string> {
        const own = {
            PULUMI_BACKEND_URL: `file://${project.state}`,
            PULUMI_CONFIG_PASSPHRASE: "for the test",
            QUAY_URL: quay.url,
            QUAY_TOKEN: token,
        };
        const { stdout, stderr } = await run("node", ["operations/board/main.ts", ...args], {
            cwd: project.folder,
            env: { ...process.env, ...own, ...env },
        });
        const page = args[args.indexOf("--page") + 1];
        equal(stderr, args.includes("--page") ? `The page: ${page ?? ""}\n` : "");
        for (const secret of quay.secrets()) equal(stdout.includes(secret), false);
        return stdout;
    }
    const rowOf = (text: string, environment: string): string[] =>
        (text.split("\n").find((line) => line.startsWith(environment)) ?? "").split(/ {2,}/);

    before(async () => {
        quay = await startQuay();
        quay.createUser("alice");
        token = quay.createToken({ user: "alice" });
        context = temporary("context");
        writeFileSync(join(context, "Dockerfile"), dockerfile);
        writeFileSync(join(context, "content"), "one");
        project = await Project.create(
            { version: "1.0.0", context },
            { QUAY_URL: quay.url, QUAY_TOKEN: token },
            undefined,
            producer,
        );
    });
    after(async () => {
        const { failed, output } = await project.destroy();
        const images = (
            await run("docker", ["images", "--quiet", "--no-trunc", `${quay.registry}/*/*`])
        ).stdout.trim();
        if (images !== "") await run("docker", ["rmi", "--force", ...new Set(images.split("\n"))]);
        project.remove();
        rmSync(context, { recursive: true });
        await quay.stop();
        equal(failed, false, output);
    });

    it("lists stacks that are not deployed, and those that do not exist", async () => {
        const text = await board(["staging", "local"]);
        deepEqual(rowOf(text, "staging").slice(0, 3), ["staging", "not deployed", "-"]);
        deepEqual(rowOf(text, "local").slice(0, 3), ["local", "not deployed", "-"]);
    });

    it("shows the deployed versions, with the results of Quay's scanner", async () => {
        const { failed, output } = await project.up();
        equal(failed, false, output);
        const digest = await project.output("digest");
        const row = [
            "local",
            "1.0.0",
            digest.slice(7, 19),
            "0 min",
            "private",
            "alice+digits_robot",
            "0 min",
        ];
        deepEqual(rowOf(await board([]), "local"), [...row, "queued", "-", "-"]);
        const found = { name: "CVE-1", severity: "High" } as const;
        quay.setScan(digest, {
            status: "scanned",
            features: [{ name: "libc", version: "1", vulnerabilities: [found, found] }],
        });
        deepEqual(rowOf(await board([]), "local"), [...row, "2 high", "-", "-"]);
    });

    it("prints the same as Markdown, and as JSON with full digests", async () => {
        match(
            await board(["--markdown"]),
            /\n\| local \| 1\.0\.0 \| [0-9a-f]{12} \| \d min \| private \| alice\+digits\\_robot \| \d min \| 2 high \| - \| - \|\n/,
        );
        const [row] = JSON.parse(await board(["--json", "local"])) as Record<string, unknown>[];
        equal(row?.["digest"], await project.output("digest"));
        equal(row["image"], await project.output("image"));
    });

    it("works without a token, and says so", async () => {
        const text = await board([], { QUAY_TOKEN: undefined });
        deepEqual(rowOf(text, "local").slice(-3), ["?", "-", "-"]);
        match(text, /\nlocal: scan: The environment variable QUAY_TOKEN is not set/);
    });

    it("sends the token to its own Quay only", async () => {
        const other = await startQuay();
        match(
            await board([], { QUAY_URL: other.url }),
            /\nlocal: scan: The image is on another Quay/,
        );
        deepEqual(other.requests(), []);
        await other.stop();
    });

    it("finds manual changes, and leaves the state unchanged", async () => {
        deepEqual(rowOf(await board(["--drift"]), "local").slice(-2), ["none", "-"]);
        const state = project.storedState();
        await fetch(`${quay.url}/api/v1/repository/alice/digits/changevisibility`, {
            method: "POST",
            headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
            body: JSON.stringify({ visibility: "public" }),
        });
        const text = await board(["--drift"]);
        deepEqual(rowOf(text, "local").slice(-2), ["1", "-"]);
        match(text, /\nlocal: drift: Repository digits is changed: visibility\n/);
        equal(project.storedState(), state);
        const without = await board(["--drift"], { QUAY_TOKEN: undefined });
        match(without, /\nlocal: drift: The environment variable QUAY_TOKEN is not set/);
        const { failed, output } = await project.refresh();
        equal(failed, false, output);
        equal((await project.up()).changes["update"], 1);
    });

    it("shows a release: the image's age restarts, the robot's continues", async () => {
        const [before] = JSON.parse(await board(["--json", "local"])) as {
            since: string;
            robot: { since: string };
        }[];
        writeFileSync(join(context, "content"), "two");
        project.configure({ version: "1.1.0", context });
        const { failed, output } = await project.up();
        equal(failed, false, output);
        const [after] = JSON.parse(await board(["--json", "local"])) as {
            version: string;
            since: string;
            robot: { since: string };
        }[];
        equal(after?.version, "1.1.0");
        ok(
            before && Date.parse(after.since) > Date.parse(before.since),
            JSON.stringify([before, after]),
        );
        equal(after.robot.since, before.robot.since);
    });

    it("writes a page with the releases, and no secret", async () => {
        const file = join(project.folder, "board.html");
        quay.clearRequests();
        const text = await board(["--drift", "--page", file, "local"]);
        // The scan needs the manifest.
        const read = quay.requests({ path: /\/manifests\/sha256:/ });
        deepEqual(
            read.map(({ status }) => status),
            [401, 200],
        );
        match(text, /^environment .*\nlocal +1\.1\.0 /);
        const page = readFileSync(file, "utf8");
        const [list = ""] = /<ol class="days">[^]*$/.exec(page) ?? [];
        const words = list.replace(/<[^>]*>/g, " ").replace(/\s+/g, " ");
        match(words, /\d\d:\d\d local 1\.1\.0 [0-9a-f]{12} \d\d:\d\d local 1\.0\.0 [0-9a-f]{12} $/);
        match(page, /<dt>Drift<\/dt>\s*<dd>none<\/dd>/);
        for (const secret of [...quay.secrets(), token, "for the test"])
            equal(page.includes(secret), false);
        deepEqual(
            readdirSync(project.folder).filter((name) => name.startsWith("board.html")),
            ["board.html"],
        );
    });

    it("is made by the workflow's command, which has no passphrase", async () => {
        const summary = join(project.folder, "summary.md");
        await run("operations/deliver.sh", ["board", "local", "staging"], {
            cwd: project.folder,
            env: {
                ...process.env,
                PULUMI_BACKEND_URL: `file://${project.state}`,
                PULUMI_CONFIG_PASSPHRASE: undefined,
                PULUMI_CONFIG_PASSPHRASE_FILE: undefined,
                QUAY_URL: quay.url,
                QUAY_TOKEN: token,
                GITHUB_STEP_SUMMARY: summary,
            },
        });
        match(readFileSync(summary, "utf8"), /\n\| local \| 1\.1\.0 \|/);
        const page = readFileSync(join(project.folder, "board/index.html"), "utf8");
        match(page, /Version <\/span>1\.1\.0[^]*Not deployed[^]*<ol class="days">/);
        equal(page.includes("What could not be read"), false);
    });

    it("writes a page that says what did not answer, and keeps the old one if it fails", async () => {
        const file = join(project.folder, "board.html");
        await board(["--page", file, "local", "staging"], { QUAY_TOKEN: undefined });
        const page = readFileSync(file, "utf8");
        match(page, /What could not be read[^]*local: scan, releases/);
        match(page, /Version <\/span>1\.1\.0[^]*Not deployed/);
        const failed: unknown = await board(["--page", join(file, "in/it.html")]).catch(
            (error: unknown) => error,
        );
        match(String(failed), /in\/it\.html cannot be written: ENOTDIR/);
        const unknown: unknown = await board(["--page", file, "none"]).catch(
            (error: unknown) => error,
        );
        match(String(unknown), /There is no stack "none"/);
        equal(readFileSync(file, "utf8"), page);
    });

    it("explains its options, and rejects unknown ones", async () => {
        match(await board(["--help"]), /node operations\/board\/main\.ts \[--drift\]/);
        const refused: unknown = await board(["--wrong"]).catch((error: unknown) => error);
        match(String(refused), /Unknown option '--wrong'/);
    });
});
