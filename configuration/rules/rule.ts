/** What all rules have in common. */
import { z } from "zod";
import type { Problem } from "../error.ts";
import { isTag } from "../../components/docker/reference.ts";

/** The sections of a stack's configuration: `service` → its value. */
export type Sections = Readonly<Record<string, unknown>>;

/** What the rules compare a configuration with. */
export interface Surroundings {
    /** The stack's name. */
    readonly stack: string;
    /** The owner of the stack's GitHub repository; undefined where it is not configured. */
    readonly owner: string | undefined;
    /** The configuration of the stack's providers: `kubernetes:context` → its value. */
    readonly providers: Readonly<Record<string, string>>;
    /** The host of the Quay that the stack publishes on. */
    readonly registry: string;
    /** The sections that are secret, wholly or in part. */
    readonly secretSections: readonly string[];
    /** The stacks' files, by stack; undefined where they are not known. */
    readonly files: Readonly<Record<string, string>> | undefined;
    /** Whether a folder exists, relative to the project's; undefined where that is not known. */
    readonly isFolder: ((path: string) => boolean) | undefined;
    /** Today, YYYY-MM-DD, in UTC. */
    readonly today: string;
}

/** A check of a configuration that returns the problems. */
export type Rule = (sections: Sections, at: Surroundings) => Problem[];

/**
 * Makes a rule on keys that may contradict each other. It applies where the keys that its shape
 * names exist and each is valid: other problems of a configuration do not hide its problems.
 *
 * @param shape the sections and keys that the rule compares.
 * @param check returns the problems.
 */
export function rule<Shape extends z.ZodRawShape>(
    shape: Shape,
    check: (settings: z.output<z.ZodObject<Shape>>, at: Surroundings) => Problem[],
): Rule {
    const schema = z.object(shape);
    return (sections, at) => {
        const { data } = schema.safeParse(sections);
        return data === undefined ? [] : check(data, at);
    };
}

/** A problem that the command to set the key fixes, unless other advice is given. */
export function problem(
    path: readonly PropertyKey[],
    message: string,
    advice: Problem["advice"] = "set",
): Problem {
    return { path, message, advice };
}

/** Any text: the schemas of the sections check the rest. */
export const text = z.string();

/** The version of a service. */
export const version = z.object({ version: text.refine(isTag) });
