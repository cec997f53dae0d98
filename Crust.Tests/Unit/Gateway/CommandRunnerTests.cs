using Crust.Gateway.Commands;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Gateway;

public sealed class CommandRunnerTests
{
    [Fact]
    public async Task Guard_EndsWithOneLine_WhenTheUserInterrupts()
    {
        // Ctrl+C while a command was connecting ended with a stack trace.
        using var output = new StringWriter();
        using var error = new StringWriter();

        var code = await CommandRunner.GuardAsync(new CommandOutput(output, error, json: false), () => throw new OperationCanceledException());

        code.Should().Be(CommandRunner.Failed);
        error.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Should().ContainSingle();
    }

    [Fact]
    public void Configuration_RefusesAPort_ThatIsNone()
    {
        // Port 70000 in the file ended with a stack trace.
        var path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        File.WriteAllText(path, """{ "TcpPort": 70000 }""");
        try
        {
            var load = () => GatewayConfiguration.Load(path);
            load.Should().Throw<InvalidDataException>().WithMessage("*70000*");
        }
        finally
        {
            File.Delete(path);
        }
    }
}
