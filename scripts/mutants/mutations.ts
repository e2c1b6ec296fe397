/** Finds every small change that can be made to a source file: a swapped operator, another number, a missing statement. */
import {
  type BinaryExpression,
  type CallExpression,
  isBinaryExpression,
  isCallExpression,
  isConditionalExpression,
  isIfStatement,
  isNumericLiteral,
  isPostfixUnaryExpression,
  isPrefixUnaryExpression,
  isPropertyAccessExpression,
  isTypeNode,
  type Node,
  type SourceFile,
  SyntaxKind,
} from "typescript/unstable/ast";
import { API } from "typescript/unstable/async";

/** One small change to a source file. */
export interface Mutation {
  /** What to replace, in the file's text, … */
  readonly start: number;
  readonly end: number;
  /** … and by what. */
  readonly replacement: string;
  /** The line that it begins on, from 1, … */
  readonly line: number;
  /** … and that line's text, trimmed. */
  readonly lineText: string;
  /** For a person, and the same wherever in the file the code stands: `a < b → a <= b`. */
  readonly change: string;
}

/** What each operator becomes: the comparisons both at their boundary and turned round. */
const SWAPS: Readonly<Record<string, readonly string[]>> = {
  "+": ["-"],
  "-": ["+"],
  "*": ["/"],
  "/": ["*"],
  "%": ["*"],
  "<<": [">>"],
  ">>": ["<<"],
  ">>>": ["<<"],
  "&": ["|"],
  "|": ["&"],
  "^": ["&"],
  "<": ["<=", ">="],
  "<=": ["<", ">"],
  ">": [">=", "<="],
  ">=": [">", "<"],
  "===": ["!=="],
  "!==": ["==="],
  "&&": ["||"],
  "||": ["&&"],
  "+=": ["-="],
  "-=": ["+="],
  "*=": ["/="],
  "/=": ["*="],
  "|=": ["&="],
  "&=": ["|="],
  "++": ["--"],
  "--": ["++"],
  min: ["max"],
  max: ["min"],
  floor: ["ceil"],
  ceil: ["floor"],
};

/** Statements whose removal leaves a program, if a wrong one. */
const REMOVABLE = new Set([
  SyntaxKind.ExpressionStatement,
  SyntaxKind.ReturnStatement,
  SyntaxKind.ThrowStatement,
  SyntaxKind.BreakStatement,
  SyntaxKind.ContinueStatement,
]);

/** No code: what is in these has no effect at run time. */
const WITHOUT_EFFECT = new Set([
  SyntaxKind.ImportDeclaration,
  SyntaxKind.InterfaceDeclaration,
  SyntaxKind.TypeAliasDeclaration,
]);

/** So much code says which place is meant; more is left out. */
const SHOWN_AT_MOST = 70;

/**
 * The mutations of the files, by path. `root` has a `tsconfig.json`, by which they are parsed; paths are relative to it.
 * Throws when one is missing.
 */
export async function findMutations(
  root: string,
  paths: readonly string[],
): Promise<Map<string, readonly Mutation[]>> {
  const api = new API({ cwd: root });
  try {
    const snapshot = await api.updateSnapshot({ openProjects: [`${root}/tsconfig.json`] });
    const [project] = snapshot.getProjects();
    const found = new Map<string, readonly Mutation[]>();
    for (const path of paths) {
      const source = await project?.program.getSourceFile(`${root}/${path}`);
      if (source === undefined) throw new Error(`${path} is no file of ${root}/tsconfig.json`);
      found.set(path, mutationsOf(source));
    }
    return found;
  } finally {
    await api.close();
  }
}

function mutationsOf(source: SourceFile): Mutation[] {
  const { text } = source;
  const mutations: Mutation[] = [];

  /** Notes that `node` may be replaced; `within` is the code that shows a person which one is meant. */
  function replace(node: Node, replacement: string, within: Node): void {
    const [start, end] = [node.getStart(source), node.end];
    const [from, to] = [within.getStart(source), within.end];
    const before = text.slice(from, to);
    const after = text.slice(from, start) + replacement + text.slice(end, to);
    add(start, end, replacement, `${brief(before)} → ${brief(after)}`);
  }

  function add(start: number, end: number, replacement: string, change: string): void {
    const lineStart = text.lastIndexOf("\n", start - 1) + 1;
    const lineEnd = text.indexOf("\n", start);
    const line = text.slice(0, start).split("\n").length;
    const lineText = text.slice(lineStart, lineEnd === -1 ? undefined : lineEnd).trim();
    mutations.push({ start, end, replacement, line, lineText, change });
  }

  function binary(node: BinaryExpression): void {
    const token = node.operatorToken;
    for (const swapped of SWAPS[token.getText(source)] ?? []) replace(token, swapped, node);
  }

  function call(node: CallExpression): void {
    const callee = node.expression;
    if (!isPropertyAccessExpression(callee) || callee.expression.getText(source) !== "Math") return;
    for (const swapped of SWAPS[callee.name.getText(source)] ?? []) replace(callee.name, swapped, node);
  }

  function unary(node: Node, operand: Node): void {
    const code = node.getText(source);
    const inner = operand.getText(source);
    const operator = code.replace(inner, "").trim();
    const swapped = SWAPS[operator];
    if (operator === "++" || operator === "--") replace(node, code.replace(operator, swapped![0]!), node);
    else replace(node, inner, node.parent);
  }

  function remove(node: Node): void {
    // Braces, for where a statement must stand.
    add(node.getStart(source), node.end, "{}", `without ${brief(node.getText(source))}`);
  }

  function number(node: Node): void {
    const value = Number(node.getText(source).replaceAll("_", ""));
    const within = node.parent.getText(source).length > SHOWN_AT_MOST ? node : node.parent;
    for (const other of [value + 1, value - 1])
      replace(node, other < 0 ? `(${other})` : String(other), within);
  }

  function visit(node: Node): void {
    if (isTypeNode(node) || WITHOUT_EFFECT.has(node.kind)) return;
    if (isBinaryExpression(node)) binary(node);
    else if (isCallExpression(node)) call(node);
    else if (isPrefixUnaryExpression(node) || isPostfixUnaryExpression(node)) unary(node, node.operand);
    else if (isNumericLiteral(node)) number(node);
    else if (node.kind === SyntaxKind.TrueKeyword) replace(node, "false", node.parent);
    else if (node.kind === SyntaxKind.FalseKeyword) replace(node, "true", node.parent);
    else if (isIfStatement(node)) negate(node.expression);
    else if (isConditionalExpression(node)) negate(node.condition);
    if (REMOVABLE.has(node.kind)) remove(node);
    node.forEachChild((child) => visit(child));
  }

  function negate(condition: Node): void {
    replace(condition, `!(${condition.getText(source)})`, condition);
  }

  visit(source);
  return mutations;
}

/** Code in one line, cut where it is long. */
function brief(code: string): string {
  const line = code.replace(/\s+/g, " ");
  return line.length > SHOWN_AT_MOST ? `${line.slice(0, SHOWN_AT_MOST)}…` : line;
}
