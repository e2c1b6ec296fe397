/** Prints as JSON who has a port, as a program that is not root finds out: by itself, then by the helper at a socket. */
import { othersOn } from "../../src/helper/others.ts";

const [port, socket] = process.argv.slice(2);
console.log(JSON.stringify(await othersOn(port!, socket)));
process.exit();
