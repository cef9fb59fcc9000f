/**
 * The name of the variable in a GitHub environment that says which stack manages it, as in
 * `mlops/dev`: an environment has no other place for that.
 */
export const ownerVariable = "MANAGED_BY";
