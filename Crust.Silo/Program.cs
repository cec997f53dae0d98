using Crust.Gateway.Commands;
using Crust.Silo;
using Crust.Silo.Demo;

var root = RunCommand.Create();
root.Subcommands.Add(DemoCommand.Create());
return await CommandRunner.RunAsync(root, args);
