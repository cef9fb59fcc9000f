/**
 * What the first preview may show after an upgrade from the last release, with the reason:
 * `"dev update quay:index/repository:Repository digits": "…"`. docs/upgrading.md says it, too. A
 * release empties it.
 */
export const expectedChanges: Readonly<Record<string, string>> = {};
