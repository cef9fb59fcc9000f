import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { z } from "zod";
import { isOfDeployment } from "../../../components/workflow/buildSecret.ts";
import { UserError } from "../../../components/messages/userError.ts";
import { contentOf } from "../../../configuration/file.ts";
import type { Value } from "../preview.ts";
import { pulumi } from "../../pulumiCli.ts";

/** Everybody may know it, because the secrets are marks. */
const passphrase = "snapshot";
/** What the CLI needs to know of a project where it runs no program. */
const projectFile = (name: string): string => `name: ${name}\nruntime: nodejs\n`;

const ownFile = z.object({
    /** The salt of the passphrase. */
    encryptionsalt: z.string(),
    /** The marks of the configuration's secrets, encrypted, by PROJECT:NAME. */
    config: z.record(z.string(), z.object({ secure: z.string() })).default({}),
});
const project = z.object({ name: z.string() });

/**
 * Leaves out the variables of clouds, vaults and clusters: a program that reads secrets there, with
 * the rights of a deployment, would have them in the snapshot.
 */
function withoutPowers(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
    const isKept = (name: string): boolean =>
        !isOfDeployment(name) ||
        (/^(QUAY|GITHUB|PULUMI)_/.test(name) && name !== "PULUMI_ACCESS_TOKEN");
    return Object.fromEntries(Object.entries(environment).filter(([name]) => isKept(name)));
}

/** The folder of a stack's snapshot: a backend of its own, and the stack's file in it. */
export class SnapshotBackend {
    readonly stack: string;
    readonly folder: string;
    /** The environment in which the CLI uses it: what a pull request's preview has, anywhere. */
    readonly environment: NodeJS.ProcessEnv;

    /**
     * @param stack its name, optionally as ORGANIZATION/PROJECT/NAME.
     * @param folder of all snapshots; this one is FOLDER/NAME.
     */
    constructor(stack: string, folder: string) {
        this.stack = stack.slice(stack.lastIndexOf("/") + 1);
        this.folder = resolve(folder, this.stack);
        this.environment = {
            ...withoutPowers(process.env),
            PULUMI_BACKEND_URL: `file://${this.folder}`,
            PULUMI_CONFIG_PASSPHRASE: passphrase,
        };
    }

    /** Whether it has been made. */
    get exists(): boolean {
        return existsSync(this.#file);
    }

    get #file(): string {
        return join(this.folder, `Pulumi.${this.stack}.yaml`);
    }

    /**
     * Makes it anew, with a stack that has nothing.
     *
     * @throws UserError where the folder is there, and no snapshot.
     */
    async create(): Promise<void> {
        const { name } = project.parse(contentOf(readFileSync("Pulumi.yaml", "utf8")));
        const file = join(this.folder, "Pulumi.yaml");
        const isOwn = existsSync(file) && readFileSync(file, "utf8") === projectFile(name);
        if (existsSync(this.folder) && !isOwn)
            throw new UserError(`${this.folder} is not the folder of a snapshot: remove it first.`);
        rmSync(this.folder, { recursive: true, force: true });
        mkdirSync(this.folder, { recursive: true });
        writeFileSync(file, projectFile(name));
        await this.#run(["stack", "init", this.stack]);
    }

    /** The salt of the passphrase, and the encrypted marks of the configuration by name. */
    read(): { readonly salt: string; readonly marks: ReadonlyMap<string, string> } {
        const { data } = ownFile.safeParse(contentOf(readFileSync(this.#file, "utf8")));
        if (data === undefined) throw new UserError(`${this.#file} is not the file of a snapshot.`);
        const marks = Object.entries(data.config).map(
            ([key, { secure }]) => [key.slice(key.indexOf(":") + 1), secure] as const,
        );
        return { salt: data.encryptionsalt, marks: new Map(marks) };
    }

    /** Replaces the stack's state. @param state as `pulumi stack export` prints it, with marks. */
    async import(state: Readonly<Record<string, Value>>): Promise<void> {
        const { salt } = this.read();
        const deployment = {
            ...z.record(z.string(), z.json()).parse(state["deployment"]),
            secrets_providers: { type: "passphrase", state: { salt } },
        };
        const text = JSON.stringify({ ...state, deployment });
        await this.#run(["stack", "import", "--stack", this.stack], text);
    }

    /** Adds marks of the configuration's secrets, by name. */
    async add(marks: Readonly<Record<string, string>>): Promise<void> {
        const values = Object.entries(marks).flatMap(([name, mark]) => [
            "--secret",
            `${name}=${mark}`,
        ]);
        if (values.length > 0)
            await this.#run(["config", "set-all", "--stack", this.stack, ...values]);
    }

    async #run(command: readonly string[], input = ""): Promise<void> {
        await pulumi(["--cwd", this.folder, ...command], input, this.environment);
    }
}
