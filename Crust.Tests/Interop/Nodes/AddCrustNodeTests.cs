using System.Net;
using FluentAssertions;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Xunit;

namespace Crust.Tests.Interop.Nodes;

public sealed class AddCrustNodeTests
{
    [Fact]
    public async Task Node_StartsAndStopsWithItsHost_AndHasItsHandlersFromTheStart()
    {
        var received = new TaskCompletionSource<string>();
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddCrustNode((_, options) =>
        {
            options.Listen = IPAddress.Loopback;
            options.Handlers["greet"] = (message, _) =>
            {
                received.TrySetResult(System.Text.Encoding.UTF8.GetString(message.Payload.Span));
                return ValueTask.CompletedTask;
            };
        });
        using var host = builder.Build();
        var early = () => host.Services.GetRequiredService<CrustNode>();
        early.Should().Throw<InvalidOperationException>();

        await host.StartAsync();
        var hosted = host.Services.GetRequiredService<CrustNode>();
        await using var guest = await CrustNode.StartAsync(new CrustNodeOptions { Listen = IPAddress.Loopback });
        var connection = await guest.ConnectToAddressAsync(hosted.Addresses[0]);
        await connection.SendAndConfirmAsync("greet", "hello"u8.ToArray());

        (await received.Task.WaitAsync(TimeSpan.FromSeconds(10))).Should().Be("hello");
        await host.StopAsync();
        await connection.Completion.WaitAsync(TimeSpan.FromSeconds(10));
    }
}
