using Crust.Gateway.Commands;
using Crust.Silo;
using Crust.Silo.Demo;

var root = RunCommand.Create();
root.Subcommands.Add(DemoCommand.Create());
var line = root.Parse(args);
if (line.Errors.Count > 0)
{
    // One clear line: the usage stands in --help.
    await Console.Error.WriteLineAsync(line.Errors[0].Message.ReplaceLineEndings(" "));
    return CommandRunner.WrongUsage;
}

return await line.InvokeAsync();
