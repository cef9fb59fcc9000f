import { stack } from "mlops";

export default await stack();
