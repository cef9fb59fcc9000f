import { deepEqual, equal, match, rejects } from "node:assert/strict";
import { execFile } from "node:child_process";
import { rmSync } from "node:fs";
import { promisify } from "node:util";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { z } from "zod";
import { type GitHub, startGitHub } from "../../sandbox/github/server.ts";
import { type Quay, startQuay } from "../../sandbox/quay/server.ts";
import { Project, temporary } from "../../sandbox/project.ts";

/** A robot that the jobs of a GitHub repository log in as without a password. */
const program = `
import { QuayRepository } from "./components/quayRepository.ts";
import { RegistrySecrets } from "./components/registrySecrets.ts";
import { RobotFederation } from "./components/robotFederation.ts";

const registry = new QuayRepository("digits", { namespace: "alice", repository: "digits", robot: "digits_robot" });
new RobotFederation("digits", {
    robot: registry.robotUsername,
    repository: "service",
    environment: "dev",
    issuer: "https://token.actions.githubusercontent.com",
});
new RegistrySecrets("digits", { repository: "service", environment: { name: "dev" }, secrets: { QUAY_USER: registry.robotUsername } });
`;
const issuer = "https://token.actions.githubusercontent.com";

describe("identity federation without a password", () => {
    let github: GitHub;
    let quay: Quay;
    let project: Project;
    let token: string;
    let sign: (subject: string) => Promise<string>;
    const customization = () => `${github.url}/repos/octo/service/actions/oidc/customization/sub`;
    const authorized = () => ({
        authorization: `Bearer ${token}`,
        "content-type": "application/json",
    });
    const customize = (body: unknown): Promise<Response> =>
        fetch(customization(), {
            method: "PUT",
            headers: authorized(),
            body: JSON.stringify(body),
        });
    /** Returns the `sub` of a job's token, as GitHub would create it now. */
    async function subject(environment: string): Promise<string> {
        const answer: unknown = await (
            await fetch(customization(), { headers: authorized() })
        ).json();
        return `${z.object({ sub_claim_prefix: z.string() }).parse(answer).sub_claim_prefix}:environment:${environment}`;
    }
    /**
     * Does what a job does: exchanges its identity for a password, and logs in to the registry with
     * that.
     */
    async function login(subject: string): Promise<void> {
        const basic = Buffer.from(`alice+digits_robot:${await sign(subject)}`).toString("base64");
        const answer = await fetch(`${quay.url}/oauth2/federation/robot/token`, {
            headers: { authorization: `Basic ${basic}` },
        });
        equal(answer.status, 200, await answer.clone().text());
        const password = z.object({ token: z.string() }).parse(await answer.json()).token;
        const folder = temporary("docker");
        try {
            const command = [
                "login",
                quay.registry,
                "--username",
                "alice+digits_robot",
                "--password",
                password,
            ];
            await promisify(execFile)("docker", command, {
                env: { ...process.env, DOCKER_CONFIG: folder },
            });
        } finally {
            rmSync(folder, { recursive: true });
        }
    }

    beforeEach(async () => {
        const { publicKey, privateKey } = await generateKeyPair("RS256");
        const key = { ...(await exportJWK(publicKey)), kid: "test", alg: "RS256" };
        sign = (subject) =>
            new SignJWT({})
                .setProtectedHeader({ alg: "RS256", kid: "test" })
                .setIssuer(issuer)
                .setSubject(subject)
                .setExpirationTime("5m")
                .sign(privateKey);
        [github, quay] = await Promise.all([
            startGitHub(),
            startQuay({ issuers: { keys: { [issuer]: { keys: [key] } } } }),
        ]);
        quay.createUser("alice");
        github.createUser("octo");
        github.createRepository({ owner: "octo", name: "service", private: false });
        token = github.createToken({ user: "octo" });
        const env = {
            QUAY_URL: quay.url,
            QUAY_TOKEN: quay.createToken({ user: "alice" }),
            GITHUB_OWNER: "octo",
            GITHUB_TOKEN: token,
            GITHUB_BASE_URL: github.baseUrl,
        };
        project = await Project.create({ "github:writeDelayMs": "0" }, env, undefined, program);
    });
    afterEach(async () => {
        const { failed, output } = await project.destroy();
        project.remove();
        const unknown = github.unknown();
        await Promise.all([github.stop(), quay.stop()]);
        equal(failed, false, output);
        deepEqual(unknown, []);
    });
    const up = async (): Promise<void> => {
        const { failed, output } = await project.up();
        equal(failed, false, output);
    };

    it("logs in the environment's jobs by ids, by names once the repository has those, and nobody else", async () => {
        await up();
        const byId = await subject("dev");
        match(byId, /^repo:octo@\d+\/service@\d+:environment:dev$/);
        await login(byId);
        await rejects(
            login(await subject("prod")),
            /robot federation is not configured for subject/,
        );
        deepEqual(Object.keys(github.repository("octo/service").secrets("dev")), ["QUAY_USER"]);
        deepEqual(Object.keys((await project.up()).changes), ["same"]);

        await customize({ use_default: true, use_immutable_subject: false });
        await up();
        const byName = await subject("dev");
        equal(byName, "repo:octo/service:environment:dev");
        await login(byName);
        await rejects(login(byId), /robot federation is not configured for subject/);
    });

    it("refuses a repository whose tokens have custom subjects, in one message", async () => {
        await customize({ use_default: false, include_claim_keys: ["job_workflow_ref"] });
        const { failed, output } = await project.up();
        equal(failed, true);
        match(
            output,
            /error: The repository octo\/service has identity tokens with a subject of its own \(job_workflow_ref\)/,
        );
        await customize({ use_default: true });
    });
});
