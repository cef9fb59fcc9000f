import type { Features } from "../model.ts";
import { applicationRoutes } from "./applications.ts";
import { discoveryRoutes } from "./discovery.ts";
import { manifestRoutes } from "./manifests.ts";
import { mirrorRoutes } from "./mirrors.ts";
import { notificationRoutes } from "./notifications.ts";
import { organizationRoutes } from "./organizations.ts";
import { permissionRoutes } from "./permissions.ts";
import { policyRoutes } from "./policies.ts";
import { prototypeRoutes } from "./prototypes.ts";
import { repositoryRoutes, wholeRepositoryRoutes } from "./repositories.ts";
import { robotRoutes } from "./robots.ts";
import type { Route } from "./routes.ts";
import { proxyCacheRoutes, quotaRoutes } from "./storage.ts";
import { tagRoutes } from "./tags.ts";
import { teamRoutes } from "./teams.ts";
import { userRoutes } from "./user.ts";

/** All routes of the API, in the order in which they are matched. */
export function allRoutes(features: Features): readonly Route[] {
    const routes = [
        ...userRoutes,
        ...robotRoutes(features),
        ...organizationRoutes,
        ...teamRoutes,
        ...prototypeRoutes,
        ...applicationRoutes(features),
        ...policyRoutes(features),
        ...proxyCacheRoutes(features),
        ...quotaRoutes(features),
        ...mirrorRoutes(features),
        ...notificationRoutes,
        ...tagRoutes,
        ...manifestRoutes(features),
        ...permissionRoutes,
        ...repositoryRoutes(features),
        ...wholeRepositoryRoutes,
    ];
    return [...discoveryRoutes(routes), ...routes];
}
