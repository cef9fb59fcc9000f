import { marker } from "../github/ownership.ts";
import { buildWorkflow } from "./build.ts";
import { checkSettings } from "./check.ts";
import { releaseWorkflow } from "./release.ts";
import type { WorkflowSettings } from "./settings.ts";
import { writeYaml } from "./write.ts";

/**
 * Returns the text of the workflow file. Equal settings give equal bytes.
 *
 * @param manager the stack that manages the file, PROJECT/STACK.
 * @throws UserError where git, GitHub or the registry would refuse a setting.
 */
export function workflowFile(settings: WorkflowSettings, manager: string): string {
    checkSettings(settings);
    return writeYaml("build" in settings ? buildWorkflow(settings) : releaseWorkflow(settings), [
        marker(manager),
        "`pulumi refresh` and `pulumi up` of that stack revert manual changes to this file.",
        "To change it, change the stack's configuration in the program's repository.",
    ]);
}
