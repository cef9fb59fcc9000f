import { errorTypes, json, notFound } from "../answers.ts";
import { route, type Route } from "./routes.ts";

/** The base path: a Swagger 2.0 document of the routes with their scopes, readable by everybody. */
export function discoveryRoutes(routes: readonly Route[]): readonly Route[] {
    return [
        route("get", "/discovery", undefined, (call) =>
            json(200, {
                swagger: "2.0",
                host: new URL(call.url).host,
                basePath: "/",
                schemes: ["http"],
                info: { title: "Quay Frontend", version: "v1" },
                paths: pathsOf(routes),
            }),
        ),
        route("get", "/error/:type", undefined, (call) => {
            const [found] = Object.entries(errorTypes).filter(
                ([type]) => type === call.param("type"),
            );
            if (found === undefined) throw notFound();
            const [title, description] = found;
            return json(200, { type: `${call.url}/api/v1/error/${title}`, title, description });
        }),
    ];
}

function pathsOf(routes: readonly Route[]): object {
    const byPath = Object.groupBy(
        routes,
        ({ path }) => `/api/v1${path.replaceAll(/[*:](\w+)/g, "{$1}")}`,
    );
    const operation = ({ method, scope }: Route) => [
        method,
        { security: scope === undefined ? [] : [{ oauth2_implicit: [scope] }] },
    ];
    return Object.fromEntries(
        Object.entries(byPath).map(([path, known = []]) => [
            path,
            Object.fromEntries(known.map(operation)),
        ]),
    );
}
