import { marker } from "../github/ownership.ts";
import { buildWorkflow } from "./build.ts";
import { checkSettings } from "./check.ts";
import { releaseWorkflow } from "./release.ts";
import type { WorkflowSettings } from "./settings.ts";
import { writeYaml } from "./write.ts";

const gitHubCom = "https://github.com";

/**
 * Returns the text of the workflow file. Equal settings give equal bytes.
 *
 * @param manager the stack that manages the file, PROJECT/STACK.
 * @param webUrl the address of GitHub's website: an Enterprise Server refuses a file with a key
 * that it does not know. Default: `https://github.com`.
 * @throws UserError where git, GitHub or the registry would refuse a setting.
 */
export function workflowFile(
    settings: WorkflowSettings,
    manager: string,
    webUrl = gitHubCom,
): string {
    checkSettings(settings);
    const queues = webUrl === gitHubCom;
    const workflow =
        "build" in settings ? buildWorkflow(settings, queues) : releaseWorkflow(settings);
    return writeYaml(workflow, [
        marker(manager),
        "`pulumi refresh` and `pulumi up` of that stack revert manual changes to this file.",
        "To change it, change the stack's configuration in the program's repository.",
    ]);
}
