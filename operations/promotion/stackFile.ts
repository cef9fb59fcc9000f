import * as yaml from "yaml";
import { UserError } from "../../components/messages/userError.ts";

/**
 * Returns a stack's file with another `version` of its service. Everything else stays as it is.
 *
 * @throws UserError where the file has no such key.
 */
export function withVersion(text: string, version: string): string {
    const document = yaml.parseDocument(text, { logLevel: "silent" });
    const path = ["config", "mlops:service", "version"];
    const node = document.getIn(path, true);
    if (document.errors.length > 0 || !yaml.isScalar(node) || !node.range)
        throw new UserError("The file has no mlops:service with a version.");
    const [start, end] = node.range;
    // Without quotes YAML may read another type: 1.10 as the number 1.1.
    const isText = yaml.parse(version) === version;
    return text.slice(0, start) + (isText ? version : JSON.stringify(version)) + text.slice(end);
}
