import type { Operations } from "../operation.ts";
import { accountOperations } from "./accounts.ts";
import { actionsOperations } from "./actions.ts";
import { contentsOperations } from "./contents.ts";
import { deploymentOperations } from "./deployments.ts";
import { environmentOperations } from "./environments.ts";
import { gitOperations } from "./git.ts";
import { issueOperations } from "./issues.ts";
import { oidcOperations } from "./oidc.ts";
import { pullOperations } from "./pulls.ts";
import { repositoryOperations } from "./repositories.ts";
import { statusOperations } from "./statuses.ts";
import { vaultOperations } from "./vaults.ts";

/** All supported operations. */
export const operations: Operations = {
    ...accountOperations,
    ...repositoryOperations,
    ...gitOperations,
    ...contentsOperations,
    ...environmentOperations,
    ...vaultOperations,
    ...oidcOperations,
    ...pullOperations,
    ...issueOperations,
    ...deploymentOperations,
    ...actionsOperations,
    ...statusOperations,
};
