/** What the keys of a stack's file begin with, whatever its project is called. */
export const namespace = "mlops";
