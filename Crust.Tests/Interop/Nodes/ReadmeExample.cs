using System.Text;
using Crust.Identity;
using Crust.Identity.Driver;

namespace Crust.Tests.Interop.Nodes;

/// <summary>The README's example, compiled. <see cref="ReadmeExampleTests"/> holds the two together and runs it.</summary>
internal static class ReadmeExample
{
    internal static async Task RunAsync(string identityFile, string gateway, string bruno)
    {
        using var identity = IdentityFile.LoadOrCreate(identityFile);
        var options = new CrustNodeOptions { Identity = identity };
        options.Bootstrap.Add(PeerAddress.Parse(gateway));
        await using var node = await CrustNode.StartAsync(options);
        node.Handle("hello/1", (message, _) =>
        {
            Console.WriteLine($"{message.Connection.Peer} says {Encoding.UTF8.GetString(message.Payload.Span)}");
            return ValueTask.CompletedTask;
        });
        var connection = await node.ConnectAsync(PeerId.Parse(bruno));
        await connection.SendAndConfirmAsync("hello/1", "Hello, Bruno."u8.ToArray());
    }
}
