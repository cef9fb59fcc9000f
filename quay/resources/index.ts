import type { Resource } from "../resource.ts";
import { promotedImage } from "./promotedImage.ts";
import { repository } from "./repository.ts";
import { repositoryPermission } from "./repositoryPermission.ts";
import { robot } from "./robot.ts";

/** All resources of the package. */
export const resources: readonly Resource[] = [repository, robot, repositoryPermission, promotedImage];
