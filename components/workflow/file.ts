import { marker } from "../github/ownership.ts";
import { buildWorkflow } from "./build.ts";
import { checkSettings } from "./check.ts";
import { releaseWorkflow } from "./release.ts";
import type { WorkflowSettings } from "./settings.ts";
import { writeYaml } from "./write.ts";

/**
 * The workflow file: the same bytes for the same settings.
 *
 * @param manager who writes it, PROJECT/STACK.
 * @throws UserError where git, GitHub or the registry would refuse a setting.
 */
export function workflowFile(settings: WorkflowSettings, manager: string): string {
    checkSettings(settings);
    return writeYaml("build" in settings ? buildWorkflow(settings) : releaseWorkflow(settings), [
        marker(manager),
        "A `pulumi refresh` and `pulumi up` of that stack put back what is changed here by hand. To change this file, change the stack's",
        "configuration, in the program's repository.",
    ]);
}
