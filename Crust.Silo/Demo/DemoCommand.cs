using System.CommandLine;
using Crust.Gateway.Commands;

namespace Crust.Silo.Demo;

/// <summary><c>Crust.Silo demo [--exit]</c>.</summary>
internal static class DemoCommand
{
    internal static Command Create()
    {
        var exit = new Option<bool>("--exit") { Description = "End after the steps; exit code 0 when all of them held." };
        var command = new Command("demo", "Show the whole path in one process: a cluster, two gateways, two peers that know only each other's id.") { exit };
        command.SetAction((parsed, cancellationToken) =>
            CommandRunner.GuardAsync(new CommandOutput(Console.Out, Console.Error, json: false), async () =>
            {
                await using var demo = new Demonstration(Console.Out);
                try
                {
                    await demo.RunAsync(cancellationToken);
                    if (!parsed.GetValue(exit))
                        await demo.StayAsync(cancellationToken);
                    return CommandRunner.Done;
                }
                catch (DemonstrationException e)
                {
                    await Console.Error.WriteLineAsync($"The demo failed: {e.Message}");
                    return CommandRunner.Failed;
                }
                catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
                {
                    return CommandRunner.Done;
                }
            }));
        return command;
    }
}
