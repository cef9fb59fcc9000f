import type { Features } from "../state.ts";
import { permissionRoutes } from "./permissions.ts";
import { repositoryRoutes, wholeRepositoryRoutes } from "./repositories.ts";
import { robotRoutes } from "./robots.ts";
import type { Route } from "./routes.ts";
import { tagRoutes } from "./tags.ts";
import { userRoutes } from "./user.ts";

/** Every call of the API, in the order in which they are tried. */
export function allRoutes(features: Features): readonly Route[] {
    return [
        ...userRoutes,
        ...robotRoutes(features),
        ...tagRoutes,
        ...permissionRoutes,
        ...repositoryRoutes(features),
        ...wholeRepositoryRoutes,
    ];
}
