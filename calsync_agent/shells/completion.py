"""Completion for bash, zsh, fish and PowerShell; all is known beforehand, no program is run.

Each script walks the words typed so far in the same way: a word that takes a value skips the next,
one that is a command leads to it. What may come next is looked up by the command (`db install`).
"""

import re
from collections.abc import Callable, Mapping
from typing import Final

from calsync_agent.shells.grammar import Argument, Command


def bash(program: str, whole: Command) -> str:
    """To be read by `source`, or put into a folder of bash-completion under the program's name."""
    name = _function(program)
    return f"""# bash completion for {program}
{name}() {{
    local at='' word i previous current=${{COMP_WORDS[COMP_CWORD]}}
    local -a words=()
    # Readline splits --option=value at the sign.
    for ((i = 1; i < COMP_CWORD; i++)); do
        [[ ${{COMP_WORDS[i]}} == '=' ]] || words+=("${{COMP_WORDS[i]}}")
    done
    [[ $current == '=' ]] && current=''
    previous=''
    for word in "${{words[@]}}"; do
        if [[ -n $previous ]]; then
            previous=''
            continue
        fi
        case "$at|$word" in
{_cases(whole, _bash_case)}
        esac
    done
    COMPREPLY=()
    if [[ -n $previous ]]; then
        case "$at|$previous" in
{_values(whole, _bash_values, _bash_files)}
        esac
        return
    fi
    case "$at" in
{_next(whole, _bash_next)}
    esac
}}
complete -F {name} {program}
"""


def zsh(program: str, whole: Command) -> str:
    """To be put into a folder of `$fpath` as `_{program}`, or read by `source` after `compinit`."""
    name = _function(program)
    return f"""#compdef {program}
{name}() {{
    local at='' word previous='' i
    for ((i = 2; i < CURRENT; i++)); do
        word=${{words[i]}}
        if [[ -n $previous ]]; then
            previous=''
            continue
        fi
        case "$at|$word" in
{_cases(whole, _bash_case)}
        esac
    done
    local -a offered
    if [[ -z $previous && $PREFIX == --*=* ]]; then
        previous=${{PREFIX%%=*}}
        compset -P '*='
    fi
    if [[ -n $previous ]]; then
        case "$at|$previous" in
{_values(whole, _zsh_values, _zsh_files)}
        esac
        return
    fi
    case "$at" in
{_next(whole, _zsh_next)}
    esac
    [[ $PREFIX == -* ]] || offered=("${{(@)offered:#-*}}")
    _describe {program} offered
}}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    {name} "$@"
else
    compdef {name} {program}
fi
"""


def fish(program: str, whole: Command) -> str:
    """To be put into a folder of `$fish_complete_path` as `{program}.fish`, or read by `source`."""
    name = _function(program)
    lines = []
    for command in whole.walk():
        here = f"-n '{name}_at \"{_at(command)}\"'"
        lines += [
            f"complete -c {program} {here} -f -a {below.words[-1]} -d {_fish(below.help)}"
            for below in command.commands
        ]
        lines += [
            f"complete -c {program} {here} {_fish_option(option)}" for option in command.options
        ]
        lines += [
            f"complete -c {program} {here} -F"
            if operand.path
            else f"complete -c {program} {here} -f -a {_fish(' '.join(operand.choices))}"
            for operand in command.operands
            if operand.path or operand.choices
        ]
    return f"""# fish completion for {program}
function {name}_at
    set -l at ''
    set -l skip 0
    for word in (commandline -opc)[2..]
        if test $skip = 1
            set skip 0
            continue
        end
        switch "$at|$word"
{_cases(whole, _fish_case)}
        end
    end
    test "$at" = "$argv[1]"
end
complete -c {program} -f
{chr(10).join(lines)}
"""


def powershell(program: str, whole: Command) -> str:
    """To be run in the profile: `… | Out-String | Invoke-Expression`."""
    steps, values, offered = [], [], []
    for command in whole.walk():
        at = _at(command)
        steps += [
            f"        {_ps(f'{at}|{one.words[-1]}')} = {_ps(_at(one))}" for one in command.commands
        ]
        for option in command.options:
            values += [
                f"        {_ps(f'{at}|{named}')} = @({', '.join(map(_ps, option.choices))})"
                for named in option.names
                if option.value
            ]
        told = [(one.words[-1], one.help) for one in command.commands]
        told += [(named, one.help) for one in command.options for named in one.names]
        told += [(one, operand.help) for operand in command.operands for one in operand.choices]
        shown = ", ".join(f"@({_ps(word)}, {_ps(text)})" for word, text in told)
        offered.append(f"        {_ps(at)} = @({shown})")
    return f"""# PowerShell completion for {program}
Register-ArgumentCompleter -Native -CommandName '{program}', '{program}.exe' -ScriptBlock {{
    param($wordToComplete, $commandAst, $cursorPosition)
    $steps = @{{
{chr(10).join(steps)}
    }}
    $values = @{{
{chr(10).join(values)}
    }}
    $offered = @{{
{chr(10).join(offered)}
    }}
    $at = ''
    $previous = $null
    foreach ($element in ($commandAst.CommandElements | Select-Object -Skip 1)) {{
        if ($element.Extent.EndOffset -ge $cursorPosition) {{ break }}
        $word = $element.Extent.Text
        if ($null -ne $previous) {{ $previous = $null }}
        elseif ($values.ContainsKey("$at|$word")) {{ $previous = "$at|$word" }}
        elseif ($steps.ContainsKey("$at|$word")) {{ $at = $steps["$at|$word"] }}
    }}
    if ($null -ne $previous) {{
        # Nothing given here lets PowerShell offer files.
        $values[$previous] | Where-Object {{ $_ -like "$wordToComplete*" }} | ForEach-Object {{
            [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)
        }}
        return
    }}
    $offered[$at] | Where-Object {{ $_[0] -like "$wordToComplete*" }} | ForEach-Object {{
        [System.Management.Automation.CompletionResult]::new($_[0], $_[0], 'ParameterName', $_[1])
    }}
}}
"""


SHELLS: Final[Mapping[str, Callable[[str, Command], str]]] = {
    "bash": bash,
    "zsh": zsh,
    "fish": fish,
    "powershell": powershell,
}


def _function(program: str) -> str:
    return "_" + program.replace("-", "_")


def _at(command: Command) -> str:
    return " ".join(command.words)


def _cases(whole: Command, case: Callable[[str, str], str]) -> str:
    """For each command: which words lead to another one, and which take a value."""
    lines = []
    for command in whole.walk():
        at = _at(command)
        lines += [case(f"{at}|{one.words[-1]}", _at(one)) for one in command.commands]
        valued = [name for one in command.options if one.value for name in one.names]
        lines += [case(f"{at}|{name}", "") for name in valued]
    return "\n".join(lines)


def _values(whole: Command, some: Callable[[Argument], str], files: Callable[[], str]) -> str:
    """For each option with a value that is known, or that is a file, how it is completed."""
    lines = []
    for command in whole.walk():
        for option in command.options:
            if option.value and (option.choices or option.path):
                case = "|".join(f"'{_at(command)}|{name}'" for name in option.names)
                lines.append(
                    f"            {case}) {some(option) if option.choices else files()} ;;"
                )
    return "\n".join(lines)


def _next(whole: Command, offer: Callable[[Command], str]) -> str:
    return "\n".join(f"        '{_at(one)}') {offer(one)} ;;" for one in whole.walk())


def _bash_case(words: str, leads_to: str) -> str:
    return f"            '{words}') " + (f"at='{leads_to}' ;;" if leads_to else "previous=$word ;;")


def _bash_values(option: Argument) -> str:
    return f"COMPREPLY=($(compgen -W '{' '.join(option.choices)}' -- \"$current\"))"


def _bash_files() -> str:
    return 'compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$current")'


def _bash_next(command: Command) -> str:
    names = [name for option in command.options for name in option.names]
    words = [one.words[-1] for one in command.commands]
    words += [choice for operand in command.operands for choice in operand.choices]
    offered = " ".join([*words, *names])
    if not any(operand.path for operand in command.operands):
        return f"COMPREPLY=($(compgen -W '{offered}' -- \"$current\"))"
    options = f"COMPREPLY=($(compgen -W '{offered}' -- \"$current\"))"
    return f"if [[ $current == -* ]]; then {options}; else {_bash_files()}; fi"


def _zsh_values(option: Argument) -> str:
    return f"compadd -- {' '.join(option.choices)}"


def _zsh_files() -> str:
    return "_files"


def _zsh_next(command: Command) -> str:
    told = [(one.words[-1], one.help) for one in command.commands]
    told += [(choice, one.help) for one in command.operands for choice in one.choices]
    told += [(name, option.help) for option in command.options for name in option.names]
    offered = f"offered=({' '.join(_quoted(_colons(word) + ':' + text) for word, text in told)})"
    files = any(operand.path for operand in command.operands)
    return f"{offered}; [[ $PREFIX == -* ]] || _files" if files else offered


def _colons(word: str) -> str:
    return word.replace(":", r"\:")


def _quoted(text: str) -> str:
    """As bash and zsh take any text."""
    return "'" + text.replace("'", r"'\''") + "'"


def _fish_case(words: str, leads_to: str) -> str:
    then = f"set at '{leads_to}'" if leads_to else "set skip 1"
    return f"            case '{words}'\n                {then}"


def _fish(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _fish_option(option: Argument) -> str:
    names = (
        f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}" for name in option.names
    )
    parts = [*names, "-d", _fish(option.help)]
    if option.value:
        parts += ["-r", "-F"] if option.path else ["-x"]
    if option.choices:
        parts += ["-a", _fish(" ".join(option.choices))]
    return " ".join(parts)


def _ps(text: str) -> str:
    """PowerShell takes typographic single quotes for plain ones."""
    return "'" + re.sub("['\u2018-\u201b]", "''", text) + "'"
