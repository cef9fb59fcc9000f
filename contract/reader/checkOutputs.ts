import { UserError } from "../../components/messages/userError.ts";
import { type PublishedOutputs, publishedOutputs, schemaVersion } from "../outputs.ts";

/**
 * Checks a stack's outputs. Removes fields that this version does not know.
 *
 * @param name the stack's name, for messages.
 * @param secret the names of secret outputs: messages do not show their values.
 * @throws UserError that lists every problem
 */
export function checkOutputs(
    name: string,
    outputs: Readonly<Record<string, unknown>>,
    secret: readonly string[],
): PublishedOutputs {
    const { schemaVersion: version, kind } = outputs;
    if (Object.keys(outputs).length === 0)
        throw new UserError(
            `The stack "${name}" has no outputs yet: \`pulumi up\` in it comes first.`,
        );
    if (version !== schemaVersion) {
        throw new UserError(
            version === undefined
                ? `The stack "${name}" has outputs, but not those of a deployment: ` +
                      "there is no schemaVersion. Is it the right project?"
                : `The stack "${name}" has outputs of schemaVersion ` +
                      `${JSON.stringify(version)}, and this reader knows ` +
                      `${String(schemaVersion)}: ` +
                      "install the mlops-reader of that stack's project.",
        );
    }
    if (kind === "local") {
        throw new UserError(
            `The stack "${name}" runs the service on one machine: its image is in no ` +
                "registry. Name a stack that publishes.",
        );
    }
    const { data, error } = publishedOutputs.safeParse(outputs);
    if (data !== undefined) return data;
    const lines = error.issues.map(({ path, message }) => {
        const output = String(path[0]);
        const value =
            output in outputs
                ? ` = ${secret.includes(output) ? "[secret]" : JSON.stringify(outputs[output])}`
                : "";
        return `  ${path.map(String).join(".")}${value}: ${message}`;
    });
    throw new UserError(
        `The outputs of the stack "${name}" are not those of a deployment; ` +
            `\`pulumi up\` in it makes them anew:\n${lines.join("\n")}`,
    );
}
