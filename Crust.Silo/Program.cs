using Crust.Silo;

var line = RunCommand.Create().Parse(args);
if (line.Errors.Count > 0)
{
    // One clear line: the usage stands in --help.
    await Console.Error.WriteLineAsync(line.Errors[0].Message.ReplaceLineEndings(" "));
    return 2;
}

return await line.InvokeAsync();
