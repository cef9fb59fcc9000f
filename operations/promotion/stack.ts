import { existsSync, readFileSync } from "node:fs";
import { z } from "zod";
import { configIn, stacksIn } from "../../configuration/delivery.ts";
import { configOf, stackFile } from "../../configuration/file.ts";
import { releasingGithub } from "../../configuration/sections/github.ts";
import { findPlaceholders } from "../../configuration/rules/placeholder.ts";
import { promoteFrom } from "../../configuration/sections/promoteFrom.ts";
import { noStack } from "../pulumiCli.ts";
import { UserError } from "../../components/messages/userError.ts";
import { QuayClient } from "../../quay/api/client.ts";
import { clientOptions } from "../../quay/provider/settings.ts";

const sections = z.object({
    "mlops:service": z.object({ name: z.string(), version: z.string() }),
    "mlops:quay": z.object({ namespace: z.string(), repository: z.string() }),
    "mlops:github": releasingGithub.pick({ repository: true, promotion: true }).strip(),
    "mlops:promoteFrom": promoteFrom,
    "github:owner": z.string().optional(),
    "quay:url": z.string().optional(),
});

/** A stack that promotes, as its file says: no state and no passphrase is needed. */
export interface PromotionStack {
    readonly stack: string;
    /** The path of its file, from the project's folder. */
    readonly file: string;
    readonly text: string;
    readonly version: string;
    readonly promoteFrom: z.output<typeof promoteFrom>;
    /** How promote.yml releases the next version. */
    readonly promotion: z.output<typeof releasingGithub>["promotion"];
    /** The stack's own repository on Quay, NAMESPACE/NAME. */
    readonly repository: string;
    /** The URL of its Quay; undefined where the file does not say. */
    readonly quayUrl: string | undefined;
    /** The service's repository on GitHub, OWNER/NAME; undefined where the owner is not known. */
    readonly service: string | undefined;
}

/** Whether the stack's file says which repository it promotes from. */
export function promotes(stack: string): boolean {
    return "mlops:promoteFrom" in configIn(stack);
}

/** @throws UserError where there is no such stack, it promotes nothing, or it is not filled in. */
export function readStack(stack: string): PromotionStack {
    const file = stackFile(stack);
    if (!existsSync(file)) throw noStack(stack);
    const text = readFileSync(file, "utf8");
    const config = configOf(text);
    if (!("mlops:promoteFrom" in config)) {
        const others = stacksIn(".").filter(promotes).join(" ");
        throw new UserError(
            `${file} does not promote an image: it has no mlops:promoteFrom. These stacks do: ` +
                others,
        );
    }
    const [placeholder] = findPlaceholders(config);
    if (placeholder !== undefined)
        throw new UserError(
            `${file}: ${placeholder.path.map(String).join(".")} ${placeholder.message}.`,
        );
    const { data, error } = sections.safeParse(config);
    if (data === undefined) {
        const [issue] = error.issues;
        throw new UserError(
            `${file} cannot be used: ${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""}.`,
        );
    }
    const { GITHUB_OWNER: fromEnvironment } = process.env;
    const owner = data["github:owner"] ?? fromEnvironment;
    const { namespace, repository } = data["mlops:quay"];
    return {
        stack,
        file,
        text,
        version: data["mlops:service"].version,
        promoteFrom: data["mlops:promoteFrom"],
        promotion: data["mlops:github"].promotion,
        repository: `${namespace}/${repository}`,
        quayUrl: data["quay:url"],
        service: owner === undefined ? undefined : `${owner}/${data["mlops:github"].repository}`,
    };
}

/** Returns a client of the stack's Quay: that of its file, or else of the environment. */
export function quayOf({ quayUrl }: PromotionStack): QuayClient {
    const settings = quayUrl === undefined ? {} : { url: quayUrl };
    return new QuayClient(clientOptions(settings, process.env, new AbortController().signal));
}
