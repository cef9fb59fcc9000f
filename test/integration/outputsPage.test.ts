import { deepEqual, equal, ok } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { localOutputs, publishedOutputs } from "../../contract/outputs.ts";
import { root } from "../unit/files.ts";

const page = readFileSync(join(root, "docs/outputs.md"), "utf8");
const blocks = [...page.matchAll(/```sh\n(.*?)```/gs)].map(([, commands = ""]) => commands);

const digest = `sha256:${"ab".repeat(32)}`;
const image = `quay.io/alice/digits_prod@${digest}`;

/** A task definition as AWS describes it, with what it does not take back. */
const described = {
    taskDefinitionArn: "arn:aws:ecs:eu-west-1:1:task-definition/web:7",
    family: "web",
    revision: 7,
    status: "ACTIVE",
    requiresAttributes: [{ name: "ecs.capability.task-eni" }],
    compatibilities: ["EC2", "FARGATE"],
    registeredAt: "2026-01-01T00:00:00Z",
    registeredBy: "arn:aws:iam::1:user/alice",
    executionRoleArn: "arn:aws:iam::1:role/web",
    requiresCompatibilities: ["FARGATE"],
    containerDefinitions: [
        { name: "proxy", image: "proxy@sha256:1" },
        { name: "web", image: "old", repositoryCredentials: { credentialsParameter: "quay" } },
    ],
};

/** Programs in the place of the real ones. Each notes its arguments, with a line for each. */
const programs: Record<string, string> = {
    pulumi: `[ "$*" = "stack output image -s organization/mlops/prod" ] && echo '${image}'`,
    kubectl: "",
    gcloud: "",
    aws: `case $2 in
        describe-task-definition) echo '${JSON.stringify(described)}' ;;
        register-task-definition) echo arn:web:8 ;;
        esac`,
};

/** Runs the block of the page that contains this text. @returns the commands that ran in it. */
function follow(text: string): string[][] {
    const block = blocks.find((commands) => commands.includes(text));
    ok(block !== undefined, `no block has ${text}`);
    const bin = mkdtempSync(join(tmpdir(), "outputs-page-"));
    for (const [name, script] of Object.entries(programs)) {
        const note = `printf '%s\\0' ${name} "$@" >>"${bin}/ran"; echo >>"${bin}/ran"`;
        writeFileSync(join(bin, name), `#!/bin/sh\n${note}\n${script}\n`, { mode: 0o755 });
    }
    const { status, stderr } = spawnSync("bash", ["-euo", "pipefail", "-c", block], {
        encoding: "utf8",
        env: { ...process.env, PATH: `${bin}:${process.env["PATH"] ?? ""}`, PROJECT: "acme" },
    });
    const ran = readFileSync(join(bin, "ran"), "utf8");
    rmSync(bin, { recursive: true });
    equal(status, 0, stderr);
    return ran
        .split("\0\n")
        .slice(0, -1)
        .map((line) => line.split("\0"));
}

describe("docs/outputs.md", () => {
    it("reads only outputs that every published stack has", () => {
        const read = [
            ...page.matchAll(/pulumi stack output (?<name>\w+)/g),
            ...page.matchAll(/jq --raw-output \.(?<name>\w+)/g),
        ].map(({ groups }) => groups?.["name"] ?? "");
        ok(read.length >= 5, read.join());
        const required = Object.entries(publishedOutputs.shape).flatMap(([name, field]) =>
            field.safeParse(undefined).success ? [] : [name],
        );
        deepEqual(
            read.filter((name) => !required.includes(name)),
            [],
        );
    });

    it("names each output", () => {
        deepEqual(
            Object.keys({ ...publishedOutputs.shape, ...localOutputs.shape }).filter(
                (name) => !page.includes(`\`${name}\``),
            ),
            [],
        );
    });

    it("says which outputs a local stack has", () => {
        const [, text = ""] = /^A local stack has ([^]*?)\n\n/m.exec(page) ?? [];
        deepEqual(
            [...text.matchAll(/`(\w+)`/g)].map(([, name]) => name).sort(),
            Object.keys(localOutputs.shape).sort(),
        );
    });

    it("gives Kubernetes the digest", () => {
        const [, set = [], wait = []] = follow("kubectl set image");
        deepEqual(set.slice(0, 5), ["kubectl", "set", "image", "deployment/web", `web=${image}`]);
        deepEqual(wait.slice(0, 4), ["kubectl", "rollout", "status", "deployment/web"]);
    });

    it("gives Cloud Run the digest, through the remote repository that it makes for Quay", () => {
        const [create = []] = follow("gcloud artifacts");
        const option = (name: string) => create[create.indexOf(name) + 1];
        equal(option("--remote-docker-repo"), "https://quay.io");
        const [, deploy = []] = follow("gcloud run deploy");
        equal(
            deploy[deploy.indexOf("--image") + 1],
            `${option("--location") ?? ""}-docker.pkg.dev/acme/${create[4] ?? ""}/alice/digits_prod@${digest}`,
        );
    });

    it("gives ECS a revision that differs in the image alone", () => {
        const ran = follow("aws ecs");
        const register = ran.find((command) => command[2] === "register-task-definition") ?? [];
        const json = register[register.indexOf("--cli-input-json") + 1] ?? "";
        const [proxy, web] = described.containerDefinitions;
        deepEqual(JSON.parse(json), {
            family: "web",
            executionRoleArn: described.executionRoleArn,
            requiresCompatibilities: ["FARGATE"],
            containerDefinitions: [proxy, { ...web, image }],
        });
        const update = ran.at(-1) ?? [];
        equal(update[2], "update-service");
        equal(update[update.indexOf("--task-definition") + 1], "arn:web:8");
    });
});
