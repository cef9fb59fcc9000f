/** The programs to compare, and their commands for each step. */
import { cpSync } from "node:fs";
import { join } from "node:path";
import { type Command, run } from "./measure.ts";
import { atOnce, ownStartup, PulumiProject } from "./pulumiProject.ts";
import type { Workspace } from "./workspace.ts";

/**
 * The steps of a user, in this order. `change` is an up after the content of one service has
 * changed; `promote` goes to the next environment.
 */
export const steps = [
    "first up",
    "preview",
    "up",
    "change",
    "refresh",
    "promote",
    "destroy",
] as const;
export type Step = (typeof steps)[number];

export interface Program {
    readonly name: string;
    /** Prepares the workspace for the first step. */
    prepare(workspace: Workspace): Promise<Prepared>;
}

export interface Prepared {
    /** Undefined if the program has no such step. */
    command(step: Step): Command | undefined;
    /** Undoes `promote`, except for the images. */
    readonly undoPromotion?: Command | undefined;
}

const here = import.meta.dirname;

/**
 * The GitHub provider's delay after each write, in milliseconds. GitHub allows 80 writes a minute;
 * the servers here have no limit.
 */
const noPause = 1;

const terraformProgram = (name: string, writeDelay: number): Program => ({
    name,
    prepare: async ({ folder, contexts, services, registry, namespace, environment }) => {
        const variables = {
            services: String(services),
            contexts,
            registry,
            namespace,
            registry_password: environment["QUAY_TOKEN"] ?? "",
            write_delay_ms: String(writeDelay),
        };
        const within = {
            folder,
            environment: {
                ...environment,
                ...Object.fromEntries(
                    Object.entries(variables).map(([name, value]) => [`TF_VAR_${name}`, value]),
                ),
                CHECKPOINT_DISABLE: "1",
                TF_IN_AUTOMATION: "1",
                TF_INPUT: "0",
                TF_CLI_CONFIG_FILE: "/dev/null",
            },
        };
        const command = (
            name: "services" | "promotion",
            ...options: readonly string[]
        ): Command => ({
            command: ["terraform", `-chdir=${name}`, ...options, "-no-color"],
            ...within,
        });
        for (const name of ["services", "promotion"] as const) {
            cpSync(join(here, "terraform", name), join(folder, name), { recursive: true });
            await run(
                command(
                    name,
                    "init",
                    `-plugin-dir=${process.env["MLOPS_TERRAFORM_PROVIDERS"] ?? ""}`,
                ),
            );
        }
        // The same parallelism as for the Pulumi programs (PULUMI_PARALLEL). Terraform's default is
        // 10.
        const parallel = `-parallelism=${String(atOnce)}`;
        const apply = command("services", "apply", "-auto-approve", parallel);
        return {
            command: (step) =>
                ({
                    "first up": apply,
                    // This exit code makes a preview with changes fail.
                    preview: command("services", "plan", "-detailed-exitcode", parallel),
                    up: apply,
                    change: apply,
                    refresh: command(
                        "services",
                        "apply",
                        "-refresh-only",
                        "-auto-approve",
                        parallel,
                    ),
                    promote: command("promotion", "apply", "-auto-approve", parallel),
                    destroy: command("services", "destroy", "-auto-approve", parallel),
                })[step],
            undoPromotion: command("promotion", "destroy", "-auto-approve"),
        };
    },
});

/** @param files the programs for the services and for their promotion, below this folder */
function pulumiProgram(
    name: string,
    files: { readonly services: string; readonly promotion?: string },
    nodeArguments = "",
    writeDelay = noPause,
): Program {
    const changing = ["--yes", "--skip-preview"];
    return {
        name,
        prepare: async ({ folder, services, contexts, registry, namespace, environment }) => {
            const config = {
                services,
                contexts,
                registry,
                namespace,
                "github:writeDelayMs": writeDelay,
                next: "next",
            };
            const make = (file: string): Promise<PulumiProject> =>
                PulumiProject.create(join(folder, file), file, config, environment, nodeArguments);
            const delivery = await make(files.services);
            const promotion =
                files.promotion === undefined ? undefined : await make(files.promotion);
            return {
                command: (step) =>
                    ({
                        "first up": delivery.command("up", ...changing),
                        preview: delivery.command("preview", "--expect-no-changes"),
                        up: delivery.command("up", ...changing, "--expect-no-changes"),
                        change: delivery.command("up", ...changing),
                        refresh: delivery.command("refresh", ...changing),
                        promote: promotion?.command("up", ...changing),
                        destroy: delivery.command("destroy", ...changing),
                    })[step],
                undoPromotion: promotion?.command("destroy", ...changing),
            };
        },
    };
}

const files = { services: "plain/services.ts", promotion: "plain/promotion.ts" };
const onQuay = { services: "components/servicesOnQuay.ts", promotion: "components/promotion.ts" };
export const terraform = terraformProgram("Terraform", noPause);

/** Terraform is first, as the reference of the ratios. */
export const programs: readonly Program[] = [
    terraform,
    pulumiProgram("plain Pulumi", files),
    // Only pushes to Quay, so that there are no versions to promote.
    pulumiProgram("components", { services: "components/services.ts" }, ownStartup),
    pulumiProgram("components + Quay", onQuay, ownStartup),
];

/**
 * With the delays that users have: the GitHub provider's default, and the one in this project's
 * Pulumi.yaml.
 */
export const programsWithPauses: readonly Program[] = [
    terraformProgram("Terraform (1000 ms)", 1000),
    pulumiProgram("plain Pulumi (1000 ms)", files, "", 1000),
    pulumiProgram("components + Quay (200 ms)", onQuay, ownStartup, 200),
];
