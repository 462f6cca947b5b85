// `metagraph completion SHELL`: a script that completes commands, options and their choices; made from the program's own commands.
import { Argument, type Command } from "commander";
import type { Terminal } from "../terminal.ts";

const shells = ["bash", "zsh", "fish"] as const;
type Shell = (typeof shells)[number];

/** Adds the command to the program; the script has the commands that are there when it is printed. */
export function addCompletion(program: Command, terminal: Terminal): void {
  program
    .command("completion")
    .description("Print a script that completes commands and options in your shell.")
    .addArgument(new Argument("<shell>", "for which shell").choices(shells))
    .addHelpText(
      "after",
      `
Examples:
  metagraph completion bash >> ~/.bashrc
  metagraph completion zsh > ~/.zfunc/_metagraph
  metagraph completion fish > ~/.config/fish/completions/metagraph.fish`,
    )
    .action((shell: Shell) => terminal.out(scripts[shell](program)));
}

interface CompletedOption {
  readonly flags: readonly string[];
  readonly description: string;
  readonly takesValue: boolean;
  readonly choices: readonly string[];
}

const optionsOf = (command: Command): CompletedOption[] =>
  [...command.createHelp().visibleOptions(command)].map(
    ({ short, long, description, required, optional, argChoices }) => ({
      flags: [short, long].filter((flag) => flag !== undefined),
      description,
      takesValue: required || optional,
      choices: argChoices ?? [],
    }),
  );

const commandsOf = (program: Command): Command[] => [...program.createHelp().visibleCommands(program)];

/** Words in single quotes, as every one of these shells takes them. */
const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

function bash(program: Command): string {
  const commands = commandsOf(program);
  const cases = commands.map((command) => {
    const flags = optionsOf(command).flatMap((option) => option.flags);
    return `    ${command.name()}) words=${quote(flags.join(" "))} ;;`;
  });
  const values = new Map(
    commands
      .flatMap(optionsOf)
      .flatMap(({ flags, choices }) => (choices.length > 0 ? [[flags.join("|"), choices] as const] : [])),
  );
  const choices = [...values].map(
    ([flags, list]) =>
      `    ${flags}) COMPREPLY=($(compgen -W ${quote(list.join(" "))} -- "$current")); return ;;`,
  );
  return `# metagraph, completion for bash
_metagraph() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" words=''
  case "$previous" in
${choices.join("\n")}
    completion) COMPREPLY=($(compgen -W ${quote(shells.join(" "))} -- "$current")); return ;;
  esac
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W ${quote(commands.map((command) => command.name()).join(" "))} -- "$current"))
    return
  fi
  case "\${COMP_WORDS[1]}" in
${cases.join("\n")}
  esac
  case "$current" in
    -*) COMPREPLY=($(compgen -W "$words" -- "$current")) ;;
    *) COMPREPLY=($(compgen -f -- "$current")) ;;
  esac
}
complete -o filenames -F _metagraph metagraph`;
}

function zsh(program: Command): string {
  const commands = commandsOf(program);
  const escaped = (text: string): string => text.replace(/[[\]:\\]/g, "\\$&");
  const described = commands.map(
    (command) => `    ${quote(`${command.name()}:${escaped(command.description())}`)}`,
  );
  const cases = commands.map((command) => {
    const options = optionsOf(command).flatMap(({ flags, description, takesValue, choices }) =>
      flags.map((flag) => {
        const value = takesValue ? `:value:${choices.length > 0 ? `(${choices.join(" ")})` : "_files"}` : "";
        return quote(`${flag}[${escaped(description)}]${value}`);
      }),
    );
    const rest =
      command.name() === "completion" ? quote(`*:shell:(${shells.join(" ")})`) : quote("*:file:_files");
    return `    ${command.name()}) _arguments ${[...options, rest].join(" ")} ;;`;
  });
  return `#compdef metagraph
# metagraph, completion for zsh
_metagraph() {
  local -a commands
  commands=(
${described.join("\n")}
  )
  if (( CURRENT == 2 )); then
    _describe 'command' commands
    return
  fi
  local command="\${words[2]}"
  shift words
  (( CURRENT-- ))
  case "$command" in
${cases.join("\n")}
  esac
}
_metagraph "$@"`;
}

function fish(program: Command): string {
  const lines = ["# metagraph, completion for fish"];
  for (const command of commandsOf(program)) {
    lines.push(
      `complete -c metagraph -n __fish_use_subcommand -f -a ${command.name()} -d ${quote(command.description())}`,
    );
    for (const { flags, description, takesValue, choices } of optionsOf(command)) {
      const names = flags.map((flag) =>
        flag.startsWith("--") ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`,
      );
      const value = choices.length > 0 ? ` -x -a ${quote(choices.join(" "))}` : takesValue ? " -r" : "";
      lines.push(
        `complete -c metagraph -n '__fish_seen_subcommand_from ${command.name()}' ${names.join(" ")} -d ${quote(description)}${value}`,
      );
    }
  }
  lines.push(
    `complete -c metagraph -n '__fish_seen_subcommand_from completion' -f -a ${quote(shells.join(" "))}`,
  );
  return lines.join("\n");
}

const scripts: Readonly<Record<Shell, (program: Command) => string>> = { bash, zsh, fish };
