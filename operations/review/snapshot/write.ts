import { z } from "zod";
import { UserError } from "../../../components/userError.ts";
import { isMapping, type Json } from "../../engineValues.ts";
import { exportStack, readConfig } from "../../pulumiCli.ts";
import { previewStack } from "../engine.ts";
import { failureOf } from "../review.ts";
import { knownSecrets } from "../secrets.ts";
import { SnapshotBackend } from "./backend.ts";
import { findComputed } from "./computed.ts";
import { nameOf, secretsInFile } from "./configuration.ts";
import { replaceSecrets, secretLeaves } from "./leaves.ts";
import { Marks } from "./marks.ts";
import { previewOn } from "./preview.ts";

const resource = z
    .object({ urn: z.string(), inputs: z.json().default({}), outputs: z.json().default({}) })
    .catchall(z.json());
const deployment = z
    .object({
        resources: z.array(resource).default([]),
        pending_operations: z.array(z.object({ resource }).catchall(z.json())).default([]),
    })
    .catchall(z.json());
const stateSchema = z.object({ deployment }).catchall(z.json());
type State = z.output<typeof stateSchema>;
type Resource = z.output<typeof resource>;

/** Of secrets that are made of secrets that are made of others, a pass has one more right. */
const mostPasses = 4;

/**
 * Writes the snapshot of a stack: its state, with a mark in the place of each secret. Runs the
 * program on it, and has what it computes from marks stand for the secrets that it computes, such
 * as a Docker configuration: then a preview on the snapshot shows no change where there is none.
 *
 * @param folder of all snapshots; this one replaces FOLDER/STACK.
 * @throws UserError where there is no such stack, or its preview fails: the former snapshot stays.
 */
export async function writeSnapshot(stack: string, folder: string): Promise<void> {
    const [exported, secrets, preview] = await Promise.all([
        exportStack(stack, ["--show-secrets"]),
        readSecrets(stack),
        previewStack(stack),
    ]);
    if (exported === undefined) throw new UserError(`The stack "${stack}" does not exist yet.`);
    const failure = failureOf([preview]);
    if (failure !== undefined)
        throw new UserError([failure, "No snapshot was written.", ...preview.errors].join("\n"));
    const state = stateSchema.parse(JSON.parse(exported));
    const marks = marksOf(state, secrets);
    const snapshot = new SnapshotBackend(stack, folder);
    await snapshot.create();
    await snapshot.add(
        Object.fromEntries(secrets.map(({ name, text }) => [name, String(marks.of("", text))])),
    );
    const changing = new Set(preview.changes.map(({ urn }) => urn));
    const unchanged = new Map(
        state.deployment.resources
            .filter(({ urn }) => !changing.has(urn))
            .map((resource) => [resource.urn, resource]),
    );
    for (let pass = 0; pass < mostPasses; pass += 1) {
        await snapshot.import(withMarks(state, marks));
        const { planned } = await previewOn(snapshot);
        const computed = findComputed(marks, unchanged, planned, knownSecrets(process.env));
        if (computed.length === 0) return;
        for (const { urn, secret, leaf } of computed) marks.compute(urn, secret, leaf);
    }
}

/** A secret of the configuration. */
interface ConfigSecret {
    /** Its name in the snapshot. */
    readonly name: string;
    readonly text: string;
    /** Where it is. Sorts before all resources: what is made of it has its mark. */
    readonly origin: string;
}

async function readSecrets(stack: string): Promise<ConfigSecret[]> {
    const secrets = secretsInFile(stack);
    if (secrets.length === 0) return [];
    const config = await readConfig(stack, ["--show-secrets"]);
    return secrets.map((secret) => {
        const [key = "", ...path] = secret.path.map(String);
        const value = config[key] ?? "";
        const text = path.length === 0 ? value : valueAt(z.json().parse(JSON.parse(value)), path);
        return { name: nameOf(secret), text, origin: ` ${secret.path.join(".")}` };
    });
}

function valueAt(value: Json, path: readonly string[]): string {
    const [key, ...others] = path;
    if (key === undefined) return typeof value === "string" ? value : JSON.stringify(value);
    const part = Array.isArray(value)
        ? value[Number(key)]
        : isMapping(value)
          ? value[key]
          : undefined;
    return part === undefined ? "" : valueAt(part, others);
}

function marksOf({ deployment }: State, secrets: readonly ConfigSecret[]): Marks {
    const marks = new Marks();
    for (const { text, origin } of secrets) marks.add(text, origin);
    for (const resource of deployment.resources)
        for (const [path, leaf] of secretLeaves(resource)) marks.add(leaf, resource.urn + path);
    return marks;
}

function withMarks({ deployment, ...others }: State, marks: Marks): Record<string, Json> {
    const { resources, pending_operations: pending, ...rest } = deployment;
    const marked = (resource: Resource): Json =>
        replaceSecrets(resource, (leaf) => marks.of(resource.urn, leaf));
    return {
        ...others,
        deployment: {
            ...rest,
            resources: resources.map(marked),
            pending_operations: pending.map((operation) => ({
                ...operation,
                resource: marked(operation.resource),
            })),
        },
    };
}
