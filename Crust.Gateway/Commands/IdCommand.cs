using System.CommandLine;
using Crust.Identity;
using Crust.Identity.Driver;

namespace Crust.Gateway.Commands;

/// <summary><c>crust id new</c> and <c>crust id show</c>.</summary>
internal static class IdCommand
{
    internal static Command Create() => new("id", "Make and show identities.") { CreateNew(), CreateShow() };

    private static Command CreateNew()
    {
        var file = new Option<string?>("--out") { Description = "File to write; the default identity if left out. Never overwrites.", HelpName = "FILE" };
        var json = CommonOptions.Json();
        var command = new Command("new", "Make an identity and print its id.") { file, json };
        command.SetAction((parsed, _) =>
        {
            var output = new CommandOutput(Console.Out, Console.Error, parsed.GetValue(json));
            return CommandRunner.GuardAsync(output, () =>
            {
                var path = parsed.GetValue(file) ?? IdentityFile.DefaultPath;
                using var identity = IdentityFile.Create(path);
                output.Event("identity", identity.Id.ToString(), ("peer", identity.Id.ToString()), ("file", path));
                return Task.FromResult(CommandRunner.Done);
            });
        });
        return command;
    }

    private static Command CreateShow()
    {
        var file = new Argument<string?>("FILE") { Description = "Identity file; the default identity if left out.", Arity = ArgumentArity.ZeroOrOne };
        var json = CommonOptions.Json();
        var command = new Command("show", "Print the id of an identity.") { file, json };
        command.SetAction((parsed, _) =>
        {
            var output = new CommandOutput(Console.Out, Console.Error, parsed.GetValue(json));
            return CommandRunner.GuardAsync(output, () =>
            {
                var path = parsed.GetValue(file) ?? IdentityFile.DefaultPath;
                using var identity = IdentityFile.Load(path);
                output.Event("identity", identity.Id.ToString(), ("peer", identity.Id.ToString()), ("file", path));
                return Task.FromResult(CommandRunner.Done);
            });
        });
        return command;
    }
}
