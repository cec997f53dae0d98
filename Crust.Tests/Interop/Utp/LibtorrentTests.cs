using System.Security.Cryptography;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Interop.Utp;

/// <summary>A torrent's transfer between libtorrent, with TCP off, and a peer whose µTP is ours: BitTorrent's messages over our links, both ways.</summary>
[Trait("speed", "slow"), Collection(Foreign.Name)]
public sealed class LibtorrentTests
{
    /// <summary>Not a multiple of the piece length: the last piece is short.</summary>
    private const int Length = 3_000_000;

    private static ProxyOptions Bad => new() { Seed = 21, Loss = 0.005, Reordering = 0.01 };

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task WeDial_AndFetchAFile_ThatLibtorrentSeeds(bool isLossy)
    {
        Libtorrent.Require();
        using var folder = new Processes.TemporaryFolder();
        var file = Write(folder, out var path);
        await using var seeder = Libtorrent.Seed(path);
        var seeding = await seeder.EventAsync("seeding");
        await using var proxy = new DatagramProxy(seeding.Number("port"), isLossy ? Bad : new ProxyOptions());
        await using var host = new UtpHost();
        await using var link = await host.DialAsync(proxy.Port);
        var peer = new PeerWire(link.Transport, TorrentFacts.From(seeding));

        await peer.ShakeHandsAsync().WaitAsync(InteropProcess.Patience);
        var fetched = await peer.FetchAsync(Length).WaitAsync(InteropProcess.Patience);

        fetched.Should().Equal(file);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task LibtorrentDials_AndFetchesAFile_ThatWeSeed(bool isLossy)
    {
        Libtorrent.Require();
        using var folder = new Processes.TemporaryFolder();
        var file = Write(folder, out var path);
        await using var host = new UtpHost();
        await using var proxy = new DatagramProxy(host.Port, isLossy ? Bad : new ProxyOptions());
        await using var fetcher = Libtorrent.Fetch(path, proxy.Port, folder.PathOf("fetched"));
        var torrent = TorrentFacts.From(await fetcher.EventAsync("fetching"));
        await using var link = await host.AcceptAsync();
        var peer = new PeerWire(link.Transport, torrent);

        await peer.ShakeHandsAsync().WaitAsync(InteropProcess.Patience);
        var offering = peer.OfferAsync(file);
        var fetched = HashedContent.From(await fetcher.EventAsync("fetched"));

        fetched.Should().Be(new HashedContent(Length, Convert.ToHexStringLower(SHA256.HashData(file))));
        // Disposal ends what still waits for requests.
        await link.DisposeAsync();
        await offering.Awaiting(task => task.WaitAsync(InteropProcess.Patience)).Should().ThrowAsync<IOException>();
    }

    private static byte[] Write(Processes.TemporaryFolder folder, out string path)
    {
        var content = new byte[Length];
        new Random(1).NextBytes(content);
        path = folder.PathOf("file");
        File.WriteAllBytes(path, content);
        return content;
    }
}
