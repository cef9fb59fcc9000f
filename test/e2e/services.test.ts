import { equal, match, ok } from "node:assert/strict";
import { join } from "node:path";
import { freePort, Project, run } from "../../sandbox/project.ts";

const name = `e2e-services-${String(process.pid)}`;
const services = join(import.meta.dirname, "../services");

/** A service as users write it, and the output of `up`. */
interface Example {
    readonly folder: string;
    /** A request and its answer. */
    readonly request: (url: string, token: () => Promise<string>) => Promise<Response>;
    readonly answer: RegExp;
    /** Texts that the output must contain, and texts that it must not contain. */
    readonly warnings: readonly RegExp[];
    readonly silentOn: readonly RegExp[];
}

const json = (body: unknown): RequestInit => ({
    method: "POST",
    body: JSON.stringify(body),
    headers: { "content-type": "application/json" },
});
const root = /no USER, so the service runs as root .*: USER 10001/;
const noHealthcheck = (port: number): RegExp =>
    new RegExp(`no HEALTHCHECK.* only port ${String(port)} is checked.*HEALTHCHECK CMD .*python3`);

const examples: Record<string, Example> = {
    "the course's, whose Dockerfile knows no user and writes next to its code": {
        folder: "chapter",
        request: async (url, token) => {
            const body = new FormData();
            body.append("file", new Blob(["a cat and a cat"]), "text.txt");
            const headers = { authorization: `Bearer ${await token()}` };
            return fetch(`${url}/upload`, { method: "POST", body, headers });
        },
        answer: /"prediction":"cat"/,
        warnings: [root, noHealthcheck(8080), /writes to \/opt\/app-root, .*container.writable/],
        silentOn: [/mlops:service.port is/],
    },
    "Flask behind gunicorn, on the port that it EXPOSEs": {
        folder: "flask",
        request: (url) => fetch(`${url}/predict`, json({ monthly_charges: 80 })),
        answer: /"churn":true/,
        warnings: [root, noHealthcheck(9696)],
        silentOn: [/mlops:service.port is/, /writes to/],
    },
    "FastAPI in two stages, as a user of its own": {
        folder: "fastapi",
        request: (url) => fetch(`${url}/predict`, json({ rooms: 2, area: 10 })),
        answer: /"price":20000/,
        warnings: [noHealthcheck(8000)],
        silentOn: [/runs as root/, /writes to/],
    },
    "Streamlit, with a HEALTHCHECK": {
        folder: "streamlit",
        request: (url) => fetch(url),
        answer: /Streamlit/,
        warnings: [root],
        silentOn: [/no HEALTHCHECK/],
    },
};

/** Services with their own Dockerfiles, and a configuration of name, version and context. */
describe("a user's own service", function () {
    let project: Project;
    let url: string;
    const config = (folder: string, more: Record<string, unknown> = {}) => ({
        service: { name, version: "1.0.0", context: join(services, folder) },
        ...more,
    });
    let local: { port: number };
    before(async () => {
        local = { port: await freePort() };
        project = await Project.create(config("chapter", { local }));
    });
    after(async () => {
        const { failed, output } = await project.destroy();
        project.remove();
        equal(failed, false, output);
        // By their names: an image with the same content may belong to another service, and be in
        // use.
        const format = ["--format", "{{.Repository}}:{{.Tag}}"];
        const { stdout } = await run("docker", ["images", ...format, `${name}*`]);
        const images = stdout.split("\n").filter((image) => image !== "");
        if (images.length > 0) await run("docker", ["rmi", ...images]);
    });

    const token = async (): Promise<string> => {
        const [docker = "", ...command] = (await project.output("tokenCommand")).split(" ");
        return (await run(docker, command)).stdout.trim();
    };
    for (const [what, example] of Object.entries(examples)) {
        it(`runs: ${what}`, async () => {
            project.configure(config(example.folder, { local }));
            const { failed, output } = await project.up();
            equal(failed, false, output);
            url = await project.output("serviceUrl");
            const response = await example.request(url, token);
            equal(response.status, 200);
            match(await response.text(), example.answer);
            for (const warning of example.warnings) match(output, warning);
            for (const silent of example.silentOn) ok(!silent.test(output), output);
        });
    }

    it("does not change in a second up, even with all settings of a container", async () => {
        const container = {
            user: "10001",
            tmp: { size: 100, exec: true },
            shm: 128,
            writable: ["/app/cache"],
        };
        project.configure(config("flask", { local, container, oauth2: "none" }));
        const { failed, output } = await project.up();
        equal(failed, false, output);
        equal("tokenCommand" in (await project.outputs()), false);
        await project.refresh();
        const preview = await project.preview();
        equal(Object.keys(preview.changes).join(), "same", preview.output);
    });

    it("is refused before anything is built, if it is strict and runs as root", async () => {
        project.configure(config("chapter", { local, container: { strict: true } }));
        for (const { failed, output } of [await project.preview(), await project.up()]) {
            equal(failed, true);
            match(output, /is strict .*nothing was built:\s+Dockerfile: no USER.*USER 10001/s);
            equal(output.includes("    at "), false, "no stack trace");
        }
    });

    it("fails with the setting that fixes it, if a strict container is the cause", async () => {
        const container = { strict: true, user: "10001" };
        project.configure(config("chapter", { local, container, oauth2: "none" }));
        const { failed, output } = await project.up();
        equal(failed, true);
        // Its own error comes first. It restarts: a busy machine may only ever see it running.
        match(
            output,
            /The container \S+ (is not running|has crashed) .*exit code 1.*OAUTH2_ISSUER/s,
        );
        equal(output.includes("If it only needs longer"), false);
        const env = { OAUTH2_ISSUER: "http://issuer", OAUTH2_AUDIENCE: "a", OAUTH2_JWKS_URI: "k" };
        project.configure(config("chapter", { local, container, env, oauth2: "none" }));
        match((await project.up()).output, /Read-only file system.*mlops:container.writable\[0\]/s);
    });

    it("says which port it listens on, if that is another one", async () => {
        const service = { ...config("flask").service, port: 8080 };
        project.configure({ service, local: { ...local, healthTimeout: 5 }, oauth2: "none" });
        const { failed, output } = await project.up();
        equal(failed, true);
        match(
            output,
            /does not answer on port 8080.*listens on port 9696.*mlops:service.port 9696/s,
        );
    });
});
