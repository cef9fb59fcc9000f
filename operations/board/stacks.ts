import { z } from "zod";
import { pulumi } from "../pulumiCli.ts";

/** Lists the names of the project's stacks in the backend. */
export async function listStacks(): Promise<string[]> {
    return z
        .array(z.object({ name: z.string() }))
        .parse(JSON.parse(await pulumi(["stack", "ls", "--json"])))
        .map(({ name }) => name);
}
