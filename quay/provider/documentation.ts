import { readFileSync } from "node:fs";
import { join } from "node:path";
import { functions } from "../functions/index.ts";
import { resources } from "../resources/index.ts";

const folder = join(import.meta.dirname, "../../examples/quay");

/** One program in the languages of the documentation. */
export interface Example {
    readonly typescript: string;
    readonly python: string;
    /** Without the header of its Pulumi.yaml. */
    readonly yaml: string;
}

/** The provider's token, as a resource of programs. */
export const providerToken = "pulumi:providers:quay";

/** What the documentation of a resource or function has besides its schema. */
export interface Documentation {
    readonly example: Example;
    /** Absent for functions and the provider. */
    readonly import?: {
        readonly command: string;
        readonly id: string;
        /** A paragraph on the inputs that it does not see; none if it sees all. */
        readonly unread: readonly string[];
    };
}

/** Returns the documentation of the provider, and of every resource and function, by token. */
export function readDocumentation(): ReadonlyMap<string, Documentation> {
    return new Map<string, Documentation>([
        [providerToken, { example: readExample("Provider") }],
        ...resources.map(({ name, importId, unread }) => {
            const token = tokenOf(name);
            const command = `pulumi import ${token} NAME ${importId.example}`;
            const documentation = {
                example: readExample(name),
                import: { command, id: importId.format, unread: describeUnread(unread) },
            };
            return [token, documentation] as const;
        }),
        ...functions.map(({ name }) => [tokenOf(name), { example: readExample(name) }] as const),
    ]);
}

/** Reads a folder of examples/quay/. */
export function readExample(name: string): Example {
    const read = (file: string) => readFileSync(join(folder, name, file), "utf8");
    return {
        typescript: read("index.ts"),
        python: read("__main__.py"),
        yaml: read("Pulumi.yaml").replace(/^name: .*\nruntime: yaml\n/, ""),
    };
}

/** Says what follows from inputs that Quay does not tell. */
function describeUnread(keys: readonly string[]): string[] {
    if (keys.length === 0) return [];
    const list = keys.map((key) => `\`${key}\``).join(", ");
    return [
        `What neither an import nor a refresh sees, because Quay does not tell it: ${list}. ` +
            "What your program says of it after an import is no change, and Quay keeps what it " +
            "has. From the first `up` on, another value in the program is a change.",
    ];
}

function tokenOf(name: string): string {
    return `quay:index:${name}`;
}

/** Returns a block of code in Markdown. */
export function codeBlock(language: string, text: string): string {
    return `\`\`\`${language}\n${text.trimEnd()}\n\`\`\``;
}
