import type { Resource } from "../definition/resource.ts";
import { autoPrunePolicy } from "./autoPrunePolicy.ts";
import { defaultPermission } from "./defaultPermission.ts";
import { floatingTag } from "./floatingTag.ts";
import { notification } from "./notification.ts";
import { organization } from "./organization.ts";
import { promotedImage } from "./promotedImage.ts";
import { proxyCache } from "./proxyCache.ts";
import { quota } from "./quota.ts";
import { repository } from "./repository.ts";
import { repositoryMirror } from "./repositoryMirror.ts";
import { repositoryPermission } from "./repositoryPermission.ts";
import { robot } from "./robot.ts";
import { robotFederation } from "./robotFederation.ts";
import { tagImmutabilityPolicy } from "./tagImmutabilityPolicy.ts";
import { team } from "./team.ts";
import { teamMembership } from "./teamMembership.ts";

/** All resources of the package. */
export const resources: readonly Resource[] = [
    repository,
    robot,
    repositoryPermission,
    promotedImage,
    floatingTag,
    robotFederation,
    autoPrunePolicy,
    tagImmutabilityPolicy,
    notification,
    organization,
    team,
    teamMembership,
    defaultPermission,
    repositoryMirror,
    proxyCache,
    quota,
];
